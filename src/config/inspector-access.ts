import { randomBytes } from 'node:crypto';
import type { Application } from '../applications/application.js';
import { unwanted, type Fault } from './configuration-error.js';
import { INSPECTOR_APP_ID, INSPECTOR_APP_KEY } from '../inspector/feed-channel.js';
import { isServed } from '../pusher/http/api-routes.js';
import type { EnvironmentVariables } from './environment-variables.js';
import { isLoopback, isProduction } from './exposure.js';
import { isNested, metricsPortOf } from './served-paths.js';

const TOKEN_BYTES = 24;
const SECRETS = ['REVERB_INSPECTOR_PASSWORD', 'REVERB_INSPECTOR_TOKEN'] as const;

/** Whether only whoever develops on this machine reaches the server; the inspector is on then, unless told otherwise. */
export function isForDevelopment(variables: EnvironmentVariables): boolean {
  return !isProduction(variables) && isLoopback(variables.REVERB_SERVER_HOST);
}

/** What does not stand in the variables themselves. */
export interface InspectorFindings {
  /** Made up, because it is on, nobody has given a secret, and only this machine reaches it. */
  readonly generatedToken?: string;
  /** It would be on by itself, were it not for the address of the server. */
  readonly isOffForAddress: boolean;
}

/**
 * Decides what nobody has said.
 * @param variables with the effective host and switch, as all that follows
 * @param token in the place of another one
 */
export function findInspectorAccess(
  variables: EnvironmentVariables,
  given: ReadonlySet<string>,
  token = randomBytes(TOKEN_BYTES).toString('base64url'),
): InspectorFindings {
  const isOpen = variables.REVERB_INSPECTOR_ENABLED === true && !hasSecret(given);
  const isAsked = given.has('REVERB_INSPECTOR_ENABLED');
  return {
    ...(isOpen && isForDevelopment(variables) && { generatedToken: token }),
    isOffForAddress: !isAsked && !isProduction(variables) && !isForDevelopment(variables),
  };
}

/** What keeps the inspector from being served, or from being safe. */
export function inspectorFaults(
  variables: EnvironmentVariables,
  given: ReadonlySet<string>,
  applications: readonly Application[],
): Fault[] {
  if (variables.REVERB_INSPECTOR_ENABLED !== true) return [];
  return [
    ...missingSecretFaults(variables, given),
    ...forbiddenApplicationFaults(variables, applications),
    ...pathFaults(variables),
  ];
}

/** What applications that come later, from a file that has changed, may not be. */
export function forbiddenApplicationFaults(
  variables: EnvironmentVariables,
  applications: readonly Application[],
): Fault[] {
  if (variables.REVERB_INSPECTOR_ENABLED !== true) return [];
  return [...knownSecretFaults(variables, applications), ...reservedNameFaults(applications)];
}

/** Faults of a password or token that backends know, as it is the secret of an application. */
function knownSecretFaults(
  variables: EnvironmentVariables,
  applications: readonly Application[],
): Fault[] {
  const known = new Set(applications.flatMap(({ keys }) => keys.map(({ secret }) => secret)));
  return SECRETS.filter((name) => known.has(variables[name] ?? '')).map((name) =>
    unwanted(name, variables[name], 'another one than the secret of an application', true),
  );
}

/** Faults of applications that go by the name of the one that brings pages their records. */
function reservedNameFaults(applications: readonly Application[]): Fault[] {
  const isReserved = ({ id, keys }: Application) =>
    id === INSPECTOR_APP_ID || keys.some(({ key }) => key === INSPECTOR_APP_KEY);
  if (!applications.some(isReserved)) return [];
  const wants = `applications with other ids and keys than "${INSPECTOR_APP_KEY}", which is its own`;
  return [unwanted('REVERB_INSPECTOR_ENABLED', 'true', wants)];
}

const CURE =
  'Set REVERB_TLS_CERT and REVERB_TLS_KEY, or REVERB_TRUSTED_PROXIES where a proxy ends TLS.';
const READABLE = `The inspector is reached from other machines without TLS: a password can be read on its way. ${CURE}`;
const BEHIND_PROXY = `The inspector is on in production, but TLS is not. Behind a proxy that is not trusted its cookie is not Secure, and everybody has the address of the proxy: in the log of actions, and when wrong passwords are counted. ${CURE}`;

/** What is no fault, but should be known. */
export function inspectorWarnings(variables: EnvironmentVariables): string[] {
  const isProtected =
    variables.REVERB_TLS_CERT !== undefined || variables.REVERB_TRUSTED_PROXIES !== undefined;
  if (variables.REVERB_INSPECTOR_ENABLED !== true || isProtected) return [];
  if (!isLoopback(variables.REVERB_SERVER_HOST)) return [READABLE];
  return isProduction(variables) ? [BEHIND_PROXY] : [];
}

/** One that is given, but faulty, is not missing. */
function hasSecret(given: ReadonlySet<string>): boolean {
  return SECRETS.some((name) => given.has(name));
}

function missingSecretFaults(variables: EnvironmentVariables, given: ReadonlySet<string>): Fault[] {
  if (isForDevelopment(variables) || hasSecret(given)) return [];
  const because = isProduction(variables)
    ? 'NODE_ENV is production'
    : 'REVERB_SERVER_HOST is not a loopback address';
  const complaint = `got nothing; wants a password, because REVERB_INSPECTOR_ENABLED is true and ${because} (or give REVERB_INSPECTOR_TOKEN, or leave the inspector off)`;
  return [{ variable: SECRETS[0], complaint }];
}

function pathFaults(variables: EnvironmentVariables): Fault[] {
  const { REVERB_INSPECTOR_PATH: path, REVERB_METRICS_PATH: metricsPath } = variables;
  const isMetrics =
    variables.REVERB_METRICS_ENABLED &&
    metricsPortOf(variables) === null &&
    isNested(path, metricsPath);
  if (isServed(path)) {
    return [unwanted('REVERB_INSPECTOR_PATH', path, 'a path that the server does not need itself')];
  }
  if (!isMetrics) return [];
  const wants = `a path apart from REVERB_METRICS_PATH, which is "${metricsPath}"`;
  return [unwanted('REVERB_INSPECTOR_PATH', path, wants)];
}
