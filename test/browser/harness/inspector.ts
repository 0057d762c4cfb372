import type { Locator, Page, Request } from 'playwright-core';
import { eventually } from '../../harness/eventually.js';
import type { ServerProcess } from '../../harness/server-process.js';
import { TOKEN } from './inspected-server.js';
import { openInspector, type OpenOptions } from './open-inspector.js';
import type { Chromium } from './use-chromium.js';
import type { WatchedPage } from './watched-page.js';

/** How long the page may take to show something, beside others that are busy. */
export const PATIENCE_MS = 15_000;

/** What stands in the navigation. */
export type View =
  'Tail' | 'Channels' | 'Connections' | 'Nodes' | 'Webhooks' | 'Publish' | 'Charts';

/** The page of the inspector, as somebody with eyes and hands, or a screen reader, finds it. */
export class Inspector {
  /** What the feed brought so far, each frame as its text. */
  readonly feed: string[] = [];
  /** What the tail asked for last. */
  private asked: string | null = null;

  constructor(
    readonly watched: WatchedPage,
    readonly page: Page = watched.page,
  ) {
    this.page.setDefaultTimeout(PATIENCE_MS);
    this.page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => this.feed.push(String(payload))),
    );
    this.page.on('request', (request) => {
      if (isWatching(request)) this.asked = request.postData();
    });
  }

  /** Opens it with the token of the tests, and resolves once it hears `nodes` nodes. */
  static async open(
    chromium: Chromium,
    server: Pick<ServerProcess, 'output'>,
    { nodes = 1, ...options }: OpenOptions & { readonly nodes?: number } = {},
  ): Promise<Inspector> {
    const inspector = await Inspector.visit(chromium, server, { token: TOKEN, ...options });
    await inspector.expectLive(nodes);
    return inspector;
  }

  /** Opens it, signed in or not. */
  static async visit(
    chromium: Chromium,
    server: Pick<ServerProcess, 'output'>,
    options: OpenOptions = {},
  ): Promise<Inspector> {
    return new Inspector(await openInspector(chromium, server, options));
  }

  /** Opens an address in another tab of the same browser, which has the same cookies and remembers the same. */
  async openTab(url: string): Promise<Inspector> {
    const tab = new Inspector(this.watched, await this.watched.context.newPage());
    await tab.page.goto(url);
    return tab;
  }

  /** It hears so many nodes, and is told whatever happens on them from now on. */
  async expectLive(nodes = 1): Promise<void> {
    const words = `live · ${nodes} node${nodes === 1 ? '' : 's'}`;
    // Where there is little room the number is not to be seen.
    await this.page
      .getByRole('status')
      .filter({ hasText: new RegExp(`^${words}$`) })
      .waitFor();
  }

  async goTo(view: View): Promise<void> {
    await this.page.getByRole('link', { name: view, exact: true }).click();
    await this.expectTitle(view);
  }

  /** Resolves once the heading of the whole is this one. */
  async expectTitle(name: string): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  }

  button(name: string | RegExp, within: Locator | Page = this.page): Locator {
    return within.getByRole('button', { name, exact: true });
  }

  field(label: string): Locator {
    return this.page.getByLabel(label, { exact: true });
  }

  grid(label: string | RegExp): Locator {
    return this.page.getByRole('grid', { name: label });
  }

  /** Rows of a grid, but its head, that hold all of these words. */
  rows(label: string | RegExp, ...words: readonly (string | RegExp)[]): Locator {
    const rows = this.grid(label).locator('[role=row]:has([role=gridcell])');
    return words.reduce<Locator>((found, hasText) => found.filter({ hasText }), rows);
  }

  /** Resolves with the row of a grid that holds these words, once there is exactly one. */
  async expectRow(
    label: string | RegExp,
    ...words: readonly (string | RegExp)[]
  ): Promise<Locator> {
    const found = this.rows(label, ...words);
    await found.waitFor();
    return found;
  }

  /** Resolves once no row of a grid holds these words, or there is no grid. */
  async expectNoRow(label: string | RegExp, ...words: readonly (string | RegExp)[]): Promise<void> {
    const isGone = async (): Promise<void> => {
      const count = await this.rows(label, ...words).count();
      if (count > 0) throw new Error(`${count} rows of ${String(label)} hold ${words.join()}.`);
    };
    await eventually(isGone, { withinMs: PATIENCE_MS });
  }

  /** Resolves with the row of the tail that holds these words, once there is exactly one. */
  expectRecord(...words: readonly (string | RegExp)[]): Promise<Locator> {
    return this.expectRow('Records', ...words);
  }

  /** Fills in a filter, and resolves once the server has taken it. */
  async filter(label: string, value: string): Promise<void> {
    await this.asking(() => this.field(label).fill(value));
  }

  /** Does what changes what the tail asks for, and resolves once the server has taken it. */
  async asking(change: () => Promise<void>): Promise<void> {
    const { asked } = this;
    const taken = this.page.waitForResponse((response) => {
      const request = response.request();
      return isWatching(request) && request.postData() !== asked;
    });
    await change();
    const status = (await taken).status();
    if (status !== 200) throw new Error(`The filter was answered with ${status}.`);
  }

  /** The panel of the record that is open. */
  get details(): Locator {
    return this.page.getByRole('complementary', { name: 'Details of the record' });
  }

  /** Opens the record of these words. */
  async openRecord(...words: readonly (string | RegExp)[]): Promise<Locator> {
    await (await this.expectRecord(...words)).click();
    await this.details.waitFor();
    return this.details;
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  /** Resolves with what the open dialog asks, once there is one of this title. */
  async expectQuestion(title: string): Promise<string> {
    await this.page.getByRole('dialog', { name: title }).waitFor();
    return (await this.dialog.getByRole('paragraph').textContent()) ?? '';
  }

  /** Says yes to what is asked, and resolves with what came of it. */
  async confirm(verb: string): Promise<string> {
    await this.button(verb, this.dialog).click();
    await this.dialog.waitFor({ state: 'detached' });
    return this.takeAnswer();
  }

  async cancel(): Promise<void> {
    await this.button('Cancel', this.dialog).click();
    await this.dialog.waitFor({ state: 'detached' });
  }

  /** Resolves with the answer that is shown, and sends it away. */
  async takeAnswer(): Promise<string> {
    const toast = this.page.getByRole('status', { name: 'Answers' }).locator('.toast').first();
    const text = (await toast.textContent()) ?? '';
    await this.button('Dismiss', toast).click();
    await toast.waitFor({ state: 'detached' });
    return text;
  }

  /** Resolves once nothing is said to be partial, or to have failed. */
  async expectNoNotice(): Promise<void> {
    await this.page.locator('main:not(:has(.notice))').waitFor();
  }

  /** Resolves once this is to be read somewhere. */
  async expectText(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }
}

const isWatching = (request: Request) => request.url().endsWith('/api/watches');
