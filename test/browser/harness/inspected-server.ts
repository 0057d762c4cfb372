import { ServerProcess } from '../../harness/server-process.js';

/** The token of every server that is looked at here, unless it is to make its own. */
export const TOKEN = 'token-of-the-tests';

/** What a server is told so that it may be looked at with {@link TOKEN}. */
export const INSPECTED: Readonly<Record<string, string>> = {
  REVERB_INSPECTOR_ENABLED: 'true',
  REVERB_INSPECTOR_TOKEN: TOKEN,
  REVERB_SHUTDOWN_DRAIN: '0',
};

/** The built server, with an inspector that {@link TOKEN} opens. */
export function startInspected(
  variables: Readonly<Record<string, string | undefined>> = {},
): Promise<ServerProcess> {
  return ServerProcess.start({ variables: { ...INSPECTED, ...variables } });
}
