import { isServed } from '../pusher/http/api-routes.js';
import { withDefaults } from '../with-defaults.js';

/** Token of the {@link InspectorOptions}, complete. */
export const INSPECTOR_OPTIONS = Symbol('INSPECTOR_OPTIONS');

/** The page that shows what goes on, live. Who signs in sees much, and may act: keep the secret. */
export interface InspectorOptions {
  readonly enabled: boolean;
  /** Below the path of the server, with a leading and without a trailing slash. */
  readonly path: string;
  /** What people sign in with; 12 characters at least. */
  readonly password?: string | undefined;
  /** The same, for links: `…/inspector/#token=…`. */
  readonly token?: string | undefined;
  /** Whether the data of events may be shown. */
  readonly payloads: boolean;
  /** After which who has signed in has to do so again; 60 at least. */
  readonly sessionSeconds: number;
}

/** The options of a server that is told nothing. */
export const DEFAULT_INSPECTOR_OPTIONS: InspectorOptions = Object.freeze({
  enabled: false,
  path: '/inspector',
  payloads: false,
  sessionSeconds: 28_800,
});

/** A shorter secret can be guessed. */
const MIN_SECRET_LENGTH = 12;
const MIN_SESSION_SECONDS = 60;

/**
 * Completes options with the defaults; what is undefined counts as not given.
 * @throws RangeError when it is enabled without a secret, with one that is too short, with a path that
 * is not of the form `/inspector` or that the server needs itself, or with a session that is too short
 */
export function completeInspectorOptions(options: Partial<InspectorOptions>): InspectorOptions {
  const complete = withDefaults(DEFAULT_INSPECTOR_OPTIONS, options);
  if (!complete.enabled) return complete;
  const { path, password, token, sessionSeconds } = complete;
  if (!/^(\/[^/?#]+)+$/.test(path)) {
    throw new RangeError(
      `The path of the inspector must be like "/inspector", not ${JSON.stringify(path)}.`,
    );
  }
  if (isServed(path)) {
    throw new RangeError(`The server needs ${path} itself, so the inspector cannot be there.`);
  }
  if (password === undefined && token === undefined) {
    throw new RangeError('The inspector is enabled, so it needs a password or a token.');
  }
  for (const [name, secret] of Object.entries({ password, token })) {
    if (secret !== undefined && secret.length < MIN_SECRET_LENGTH) {
      throw new RangeError(
        `The ${name} of the inspector must have ${MIN_SECRET_LENGTH} characters at least.`,
      );
    }
  }
  if (!(sessionSeconds >= MIN_SESSION_SECONDS)) {
    throw new RangeError(
      `A session of the inspector must last ${MIN_SESSION_SECONDS} seconds at least.`,
    );
  }
  return complete;
}
