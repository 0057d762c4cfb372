import type { BrowserContextOptions } from 'playwright-core';
import type { ServerProcess } from '../../harness/server-process.js';
import type { Chromium } from './use-chromium.js';
import type { WatchedPage } from './watched-page.js';

/** How the inspector is opened: as whom, and how the browser looks. */
export interface OpenOptions extends BrowserContextOptions {
  /** One that was configured, and so is not announced; null goes there with none, although there may be one. */
  readonly token?: string | null;
}

/** Where a server has announced its inspector, with the token if that was generated. */
export function inspectorUrlOf({ output }: Pick<ServerProcess, 'output'>): URL {
  const [, url] = /(?:"inspectorUrl":"| {2}Inspector {5})(http[^\s"]+)/.exec(output) ?? [];
  if (url === undefined) throw new Error(`There is no inspector, but:\n${output}`);
  return new URL(url);
}

/** Opens the inspector of a server in a browser that has not been there, signed in if the server lets it. */
export async function openInspector(
  chromium: Chromium,
  server: Pick<ServerProcess, 'output'>,
  { token, ...options }: OpenOptions = {},
): Promise<WatchedPage> {
  const url = inspectorUrlOf(server);
  if (token !== undefined) url.hash = token === null ? '' : `token=${token}`;
  const opened = await chromium.open(url.origin, options);
  await opened.page.goto(url.href);
  return opened;
}
