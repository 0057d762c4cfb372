import { readFileSync } from 'node:fs';
import type { RecordsFrame } from '../../src/inspector/contract.js';
import { backendOf } from '../conformance/official-libraries.js';
import { subscriber } from '../harness/cluster-clients.js';
import { closeAll } from '../harness/eventually.js';
import { publish } from '../harness/publish.js';
import { PusherClient } from '../harness/pusher-client.js';
import type { ServerProcess } from '../harness/server-process.js';
import { startInspected, TOKEN } from './harness/inspected-server.js';
import { Inspector } from './harness/inspector.js';
import { inspectorUrlOf } from './harness/open-inspector.js';
import { useChromium } from './harness/use-chromium.js';

const chromium = useChromium();
/** As many records as the tail keeps. */
const FLOOD = 5000;

const FORUM = { app_id: 'forum', key: 'forum-key', secret: 'forum-secret' };

let server: ServerProcess;

beforeAll(async () => {
  // Beside the application of the tests.
  server = await startInspected({ REVERB_APPS: JSON.stringify([FORUM]) });
});

afterAll(closeAll);

const open = () => Inspector.open(chromium, server);

/** The row that the keys move to and from, of a list that has the focus. */
async function activeRow(inspector: Inspector, label: string): Promise<string> {
  const grid = inspector.grid(label);
  expect(await grid.evaluate((element) => element === document.activeElement)).toBe(true);
  const id = await grid.getAttribute('aria-activedescendant');
  return (await inspector.page.locator(`[id="${id}"]`).textContent()) ?? '';
}

/** Opens the page with somebody on the way of its feed who makes very many of each record, once told to. */
async function openFlooded(): Promise<[Inspector, () => void]> {
  const url = inspectorUrlOf(server);
  const watched = await chromium.open(url.origin);
  let isFlooding = false;
  await watched.page.routeWebSocket(/\/app\//, (page) => {
    page
      .connectToServer()
      .onMessage((message) => page.send(isFlooding ? multiplied(message) : message));
  });
  const inspector = new Inspector(watched);
  await inspector.page.goto(new URL(`#token=${TOKEN}`, url).href);
  await inspector.expectLive();
  return [inspector, () => (isFlooding = true)];
}

/** A frame of a feed with so many of each record that the tail keeps nothing else; any other as it is. */
function multiplied(message: string | Buffer): string | Buffer {
  const frame = JSON.parse(String(message)) as { event: string; data: string };
  if (frame.event !== 'records') return message;
  const data = JSON.parse(frame.data) as RecordsFrame;
  const records = Array.from({ length: FLOOD }, () => data.records).flat();
  return JSON.stringify({ ...frame, data: JSON.stringify({ ...data, records }) });
}

describe('A tail that is paused', () => {
  it('has all its records after a search and a filter, although more came than it keeps', async () => {
    const [inspector, flood] = await openFlooded();
    for (const name of ['pear', 'apple']) await publish(server, `fruit-${name}`, name);
    await inspector.expectRecord('pear');
    await inspector.expectRecord('apple');
    await inspector.button('Pause').click();
    await inspector.field('Search').fill('pear');
    await inspector.expectNoRow('Records', 'apple');
    flood();
    await publish(server, 'fruit-pear', 'while-paused');
    await inspector.expectText(/^1 record, paused; 5\D000 more arrived meanwhile$/);
    await inspector.field('Search').fill('');
    await inspector.expectRecord('apple');
    await inspector.filter('Channel', 'fruit-apple');
    await inspector.expectNoRow('Records', 'pear');
    await inspector.filter('Channel', '');
    await inspector.expectRecord('pear');
    await inspector.expectRecord('apple');

    const coming = inspector.page.waitForEvent('download');
    await inspector.button('Export').click();
    const exported = readFileSync(await (await coming).path(), 'utf8')
      .trimEnd()
      .split('\n');
    expect(exported.map((line) => JSON.parse(line).event)).toEqual(['pear', 'apple']);
  });
});

describe('A filter', () => {
  it('is no longer than the server takes, typed or pasted', async () => {
    const inspector = await open();
    const { keyboard } = inspector.page;
    const channel = inspector.field('Channel');
    await channel.fill('a'.repeat(248));
    await channel.press('End');
    await inspector.asking(() => keyboard.type('bcd'));
    expect(await channel.inputValue()).toBe(`${'a'.repeat(248)}bc`);

    const search = inspector.field('Search');
    await search.fill('s'.repeat(260));
    await search.press('ControlOrMeta+a');
    await keyboard.press('ControlOrMeta+c');
    await inspector.field('Event').focus();
    await inspector.asking(() => keyboard.press('ControlOrMeta+v'));
    expect(await inspector.field('Event').inputValue()).toBe('s'.repeat(250));
    await inspector.expectLive();
  });

  it('that the server does not hear of is told in its words, until it does', async () => {
    const inspector = await open();
    const error = 'Too many pages of inspectors are open already.';
    await inspector.page.route('**/api/watches', (route) =>
      route.fulfill({ status: 429, json: { error } }),
    );
    await inspector.field('Channel').fill('orders');
    await inspector.page.getByRole('status').filter({ hasText: error }).waitFor();
    await inspector.page.unroute('**/api/watches');
    await inspector.field('Channel').fill('');
    await inspector.expectLive();
    await inspector.watched.expectComplaint(/^console: .*status of 429 /);
  });
});

describe('The trace of one event of a batch', () => {
  it('shows its own channel and sockets', async () => {
    const inspector = await open();
    await subscriber(server, 'batch-first');
    for (let i = 0; i < 2; i++) await subscriber(server, 'batch-second');
    await backendOf(server).triggerBatch([
      { channel: 'batch-first', name: 'first', data: 1 },
      { channel: 'batch-second', name: 'second', data: 2 },
    ]);
    const details = await inspector.openRecord('second', 'in a batch of 2');
    await details.getByText(/^2 sockets on 1 node · /).waitFor();
    const steps = details.getByRole('listitem');
    await steps.filter({ hasText: 'Written to 2 sockets · batch-second' }).waitFor();
    expect(await steps.filter({ hasText: 'batch-first' }).count()).toBe(0);
  });
});

describe('The keyboard in a list of records', () => {
  it('goes on where a record was opened, once that is closed', async () => {
    const inspector = await open();
    const { keyboard } = inspector.page;
    for (const name of ['one', 'two', 'three', 'four']) await publish(server, 'keys', name);
    await inspector.expectRecord('one');
    await inspector.expectRecord('four');
    await inspector.grid('Records').focus();
    for (let i = 0; i < 2; i++) await keyboard.press('ArrowDown');
    expect(await activeRow(inspector, 'Records')).toContain('three');
    await keyboard.press('Enter');
    await inspector.details.waitFor();
    await keyboard.press('Escape');
    await inspector.details.waitFor({ state: 'detached' });
    await keyboard.press('ArrowDown');
    expect(await activeRow(inspector, 'Records')).toContain('two');
  });
});

describe('A record on the page of a connection', () => {
  it('gives the focus back to the list, and leads to the tail, filtered', async () => {
    const inspector = await open();
    const client = await PusherClient.connect(server);
    const other = await PusherClient.connect(server);
    const record = await inspector.openRecord('connected', client.socketId);
    await inspector.asking(() => record.getByRole('link', { name: 'Open connection' }).click());
    await inspector.expectTitle(client.socketId);
    for (const channel of ['focus-1', 'focus-2']) await client.subscribe(channel);
    await inspector.expectRow('What it does', 'focus-2');
    await (await inspector.expectRow('What it does', 'focus-1')).click();
    await inspector.button('Close the details').click();
    await inspector.details.waitFor({ state: 'detached' });
    expect(await activeRow(inspector, 'What it does')).toContain('focus-1');
    await inspector.page.keyboard.press('ArrowUp');
    expect(await activeRow(inspector, 'What it does')).toContain('focus-2');

    await inspector.page.keyboard.press('Enter');
    await inspector.asking(() =>
      inspector.button('Filter by this socket', inspector.details).click(),
    );
    await inspector.expectTitle('Tail');
    expect(await inspector.field('Socket').inputValue()).toBe(client.socketId);
    await inspector.expectRecord('connected', client.socketId);
    await inspector.expectNoRow('Records', other.socketId);
  });
});

describe('Another application', () => {
  it('has no row of the one before, neither until it answers nor when it fails', async () => {
    const here = await subscriber(server, 'orders');
    const there = await subscriber({ url: server.url, key: FORUM.key }, 'threads');
    const inspector = await open();
    const picker = inspector.field('Application');
    await inspector.goTo('Connections');
    await inspector.button(/^app-id · /).click();
    await inspector.expectRow('Connections', here.socketId);

    let letFail = (): void => undefined;
    const failing = new Promise<void>((resolve) => (letFail = resolve));
    await inspector.page.route('**/api/apps/forum/**', async (route) => {
      await failing;
      await route.fulfill({ status: 503, json: { error: 'The forum is closed.' } });
    });
    await picker.selectOption('forum');
    await inspector.expectNoRow('Connections', here.socketId);
    letFail();
    await inspector.expectText('The forum is closed. It is tried again.');
    expect(await inspector.rows('Connections').count()).toBe(0);
    await inspector.page.unroute('**/api/apps/forum/**');
    await inspector.expectRow('Connections', there.socketId);
    await inspector.watched.expectComplaint(/^console: .*status of 503 /);
  });
});
