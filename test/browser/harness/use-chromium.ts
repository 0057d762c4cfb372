import { resolve } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions } from 'playwright-core';
import { WatchedPage } from './watched-page.js';

/** A start beside others that are busy takes its time. */
const LAUNCH_MS = 60_000;

/** Chromium has work of its own, and none of it belongs here. Names lead nowhere, so that nothing leaves the machine. */
const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** Opens pages. */
export interface Chromium {
  /**
   * Opens a page in a context of its own, with no cookie of any other, that shows nothing yet.
   * @param origin the only one it may ask anything of
   */
  open(origin: string, options?: BrowserContextOptions): Promise<WatchedPage>;
}

/**
 * One browser for the tests of a file. After each test its pages are closed, and it fails if one of
 * them had something to complain of that the test did not expect.
 */
export function useChromium(): Chromium {
  let browser: Browser;
  let pages: WatchedPage[] = [];
  beforeAll(async () => {
    browser = await launch();
  }, LAUNCH_MS);
  afterAll(() => browser?.close());
  afterEach(async () => {
    const opened = pages;
    pages = [];
    await Promise.all(opened.map((page) => page.close()));
    for (const page of opened) page.expectQuiet();
  });
  return {
    async open(origin, options) {
      const page = await WatchedPage.open(browser, origin, options);
      pages.push(page);
      return page;
    },
  };
}

async function launch(): Promise<Browser> {
  const { findChromium } = (await import(resolve('scripts/ensure-chromium.mjs'))) as {
    findChromium: () => string | undefined;
  };
  const found = findChromium();
  if (found === undefined) throw new Error('No Chromium: run node scripts/ensure-chromium.mjs');
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: found,
    headless: true,
    // Chromium refuses to sandbox what root runs.
    args: isRoot ? ['--no-sandbox', ...ARGUMENTS] : ARGUMENTS,
    timeout: LAUNCH_MS,
  });
}
