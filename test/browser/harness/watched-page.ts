import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { eventually, type EventuallyOptions } from '../../harness/eventually.js';

const SCREENSHOTS = 'coverage/browser';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe says of a page, as far as it is of interest here. */
interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly help: string;
    readonly nodes: readonly { readonly target: readonly unknown[] }[];
  }[];
}

/** A page of a browser that notes all there is to complain of. */
export class WatchedPage {
  private noted: string[] = [];

  private constructor(
    /** Playwright's own, to look and to act. */
    readonly page: Page,
    readonly context: BrowserContext,
    private readonly origin: string,
  ) {}

  /** @param origin the only one that may be asked for anything */
  static async open(
    browser: Browser,
    origin: string,
    options: BrowserContextOptions = {},
  ): Promise<WatchedPage> {
    const context = await browser.newContext({ serviceWorkers: 'block', ...options });
    const watched = new WatchedPage(await context.newPage(), context, origin);
    await watched.watch();
    return watched;
  }

  /**
   * One line each: `console: …` for an error of the console, `exception: …`, `failed: …` for a request
   * without an answer, `foreign: …` for one to another origin, `csp: …` for what the policy has refused.
   */
  get complaints(): readonly string[] {
    return this.noted;
  }

  /** Resolves once there is such a complaint. It, and others like it, no longer count. */
  async expectComplaint(pattern: RegExp, options?: EventuallyOptions): Promise<string> {
    const found = await eventually(() => {
      const complaint = this.noted.find((text) => pattern.test(text));
      if (complaint === undefined)
        throw new Error(`No complaint ${String(pattern)}, but:\n${this.lines}`);
      return complaint;
    }, options);
    this.noted = this.noted.filter((text) => !pattern.test(text));
    return found;
  }

  /** Throws when there is a complaint that was not expected. */
  expectQuiet(): void {
    if (this.noted.length > 0) throw new Error(`${this.page.url()} complains:\n${this.lines}`);
  }

  /** Serious and critical violations that axe finds: rule, what it wants, and where. */
  async violations(): Promise<readonly string[]> {
    // Evaluated by the debugger, which no policy of the page forbids.
    if (await this.page.evaluate("typeof axe === 'undefined'")) await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate<AxeResults>(
      "axe.run(document, { resultTypes: ['violations'] })",
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, help, nodes }) =>
          `${id}: ${help} (${nodes.map(({ target }) => target.join(' ')).join(', ')})`,
      );
  }

  /** Writes what is to be seen now to a file below `coverage/`. @returns its path */
  async screenshot(name: string): Promise<string> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const path = join(SCREENSHOTS, `${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }

  /** Closes it, and all that its context has opened. */
  close(): Promise<void> {
    return this.context.close();
  }

  private get lines(): string {
    return this.noted.join('\n') || '(nothing)';
  }

  private async watch(): Promise<void> {
    const note = (text: string) => void this.noted.push(text);
    // Of the context, so that windows the page opens count as well.
    this.context.on('console', (message) => {
      const { url } = message.location();
      if (message.type() === 'error') note(`console: ${message.text()} (${url})`);
    });
    this.context.on('weberror', (error) => note(`exception: ${String(error.error())}`));
    this.context.on('request', (request) => this.noteForeign(request.url()));
    this.context.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? 'no reason given';
      // A page may give up what it has asked for, and does so when it is left.
      if (why !== 'net::ERR_ABORTED') note(`failed: ${request.url()} (${why})`);
    });
    const noteSockets = (page: Page) =>
      void page.on('websocket', (socket) => this.noteForeign(socket.url()));
    noteSockets(this.page);
    this.context.on('page', noteSockets);
    await this.context.exposeBinding('noteRefused', (_source, text: string) =>
      note(`csp: ${text}`),
    );
    await this.context.addInitScript(
      "addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => noteRefused(`${effectiveDirective} ${blockedURI}`));",
    );
  }

  private noteForeign(url: string): void {
    const { protocol, origin } = new URL(url.replace(/^ws/, 'http'));
    if (/^https?:$/.test(protocol) && origin !== this.origin) this.noted.push(`foreign: ${url}`);
  }
}
