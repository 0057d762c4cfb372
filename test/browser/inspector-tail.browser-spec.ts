import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { backendOf, clientOf, connected, subscribed } from '../conformance/official-libraries.js';
import { closeAll } from '../harness/eventually.js';
import { publish } from '../harness/publish.js';
import { channelAuth, PusherClient } from '../harness/pusher-client.js';
import type { ServerProcess } from '../harness/server-process.js';
import { signedRequest } from '../harness/signed-request.js';
import { startInspected } from './harness/inspected-server.js';
import { Inspector } from './harness/inspector.js';
import { useChromium } from './harness/use-chromium.js';

const chromium = useChromium();
const PUSHER_JS = readFileSync(
  createRequire(import.meta.url).resolve('pusher-js/dist/web/pusher.min.js'),
  'utf8',
);

let server: ServerProcess;

beforeAll(async () => {
  server = await startInspected({
    REVERB_INSPECTOR_PAYLOADS: 'true',
    REVERB_APP_CLIENT_EVENTS_PER_SECOND: '3',
  });
});

afterAll(closeAll);

const open = () => Inspector.open(chromium, server);

describe('The tail', () => {
  it('explains itself while nothing happens, with code that works', async () => {
    const quiet = await startInspected();
    const inspector = await Inspector.open(chromium, quiet);
    await inspector.expectText('Waiting for something to happen');
    const sample = await inspector.page.getByLabel('Sample code').textContent();
    expect(sample).toContain(String(quiet.port));
    // Its own connection is none of those it shows.
    await inspector.goTo('Connections');
    await inspector.expectText('Nobody is connected');
    await inspector.goTo('Tail');

    const { socketId } = await PusherClient.connect(quiet);
    await inspector.expectRecord('connected', socketId);
    await publish(quiet, 'orders', 'order.hidden', '{"secret":"not to be seen"}');
    const details = await inspector.openRecord('order.hidden');
    await details.getByText(/Payloads are hidden/).waitFor();
    expect(inspector.feed.join()).not.toContain('not to be seen');
  });

  it('shows stock clients and what the backend library publishes', async () => {
    const inspector = await open();
    const client = await connected(clientOf(server, { member: { user_id: 'anna' } }));
    const { socket_id: socketId } = client.connection;
    await inspector.expectRecord('connected', socketId, /pusher-js|js 8\./);
    await subscribed(client, 'presence-room-7');
    await inspector.expectRecord('subscribed', 'presence-room-7', 'anna', socketId);
    await backendOf(server).trigger(['orders', 'presence-room-7'], 'order.shipped', { id: 7 });
    await inspector.expectRecord('published', 'orders and 1 other', 'order.shipped', 'over HTTP');
    client.disconnect();
    await inspector.expectRecord('disconnected', socketId, /closed 1\d\d\d/);
  });

  it('shows a stock client of a browser', async () => {
    const inspector = await open();
    const { port, key } = server;
    await inspector.page.evaluate(`(() => {
      const module = { exports: {} }, exports = module.exports;
      ${PUSHER_JS}
      const Pusher = module.exports;
      const client = new Pusher('${key}', {
        cluster: '', wsHost: '127.0.0.1', wsPort: ${port}, forceTLS: false, enabledTransports: ['ws'],
      });
      client.subscribe('from-the-browser').bind('hello', (data) => (window.heard = data));
    })()`);
    await inspector.expectRecord('subscribed', 'from-the-browser');
    await publish(server, 'from-the-browser', 'hello', '"there"');
    await inspector.expectRecord('published', 'from-the-browser', 'hello');
    await inspector.page.waitForFunction('window.heard === "there"');
  });

  it('shows who was not let in, and why', async () => {
    const inspector = await open();
    const client = await PusherClient.connect(server);
    await client.subscribeRefused('private-orders', 'app-key:0123');
    await inspector.expectRecord('auth failed', 'private-orders', client.socketId, /signature/i);
    await client.subscribeRefused('not a channel');
    await inspector.expectRecord('refused', client.socketId, /not a channel|name/);
    const { errorFrame } = await PusherClient.refused({ url: server.url, key: 'no-such-key' });
    await inspector.expectRecord('refused', `(${errorFrame.json.code})`);
    const { status } = await signedRequest(server, 'GET', 'channels', {
      tamper: { signature: 'wrong' },
    });
    await inspector.expectRecord('auth failed', 'GET /apps/app-id/channels', `(${status})`);
  });

  it('shows client events, and that there are too many', async () => {
    const inspector = await open();
    const client = await PusherClient.connect(server);
    await client.subscribePrivate('private-chat', server);
    client.trigger('client-typing', 'private-chat', { at: 1 });
    await inspector.expectRecord('client event', 'private-chat', 'client-typing', client.socketId);
    for (let i = 0; i < 8; i++) client.trigger('client-flood', 'private-chat', i);
    await inspector.page.getByRole('row').filter({ hasText: 'rate limited' }).first().waitFor();
  });

  it('shows what cache channels remember, and who leaves', async () => {
    const inspector = await open();
    const client = await PusherClient.connect(server);
    await client.subscribe('cache-empty');
    await inspector.expectRecord('cache miss', 'cache-empty');
    await publish(server, 'cache-price', 'price', '5');
    await client.subscribe('cache-price');
    await inspector.expectRecord('cache hit', 'cache-price');
    client.unsubscribe('cache-price');
    await inspector.expectRecord('unsubscribed', 'cache-price', client.socketId);
  });

  it('shows how connections end', async () => {
    const inspector = await open();
    const leaving = await PusherClient.connect(server);
    await leaving.close(1001, 'gone shopping');
    await inspector.expectRecord('disconnected', leaving.socketId, '1001', 'gone shopping');
    const banned = await PusherClient.connect(server);
    await banned.signin({ id: 'bert' }, server);
    await inspector.expectRecord('signed in', banned.socketId, 'bert');
    await signedRequest(server, 'POST', 'users/bert/terminate_connections', { body: {} });
    const { reason } = await banned.expectClose(4009);
    await inspector.expectRecord('disconnected', banned.socketId, '4009', reason);
  });

  it('shows payloads where that is allowed', async () => {
    const inspector = await open();
    await publish(server, 'orders', 'order.paid', '{"amount":[12,"EUR"]}');
    const details = await inspector.openRecord('order.paid');
    const payload = await details.getByLabel('Payload').textContent();
    expect(JSON.parse(payload!)).toEqual({ amount: [12, 'EUR'] });
    await inspector.page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
  });
});

describe('A filter of the tail', () => {
  it('by channel and by event asks the server for no other', async () => {
    const inspector = await open();
    await inspector.filter('Channel', 'orders.*');
    await inspector.filter('Event', '*.kept');
    await publish(server, 'news', 'news.kept');
    await publish(server, 'orders.7', 'order.dropped');
    await publish(server, 'orders.7', 'order.kept');
    await inspector.expectRecord('order.kept');
    expect(await inspector.rows('Records').count()).toBe(1);
    expect(inspector.feed.join()).not.toMatch(/news.kept|order.dropped/);
  });

  it('by user and by socket asks the server for no other', async () => {
    const inspector = await open();
    const [anna, bert] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await inspector.filter('User', 'bert');
    await anna.signin({ id: 'anna' }, server);
    await bert.signin({ id: 'bert' }, server);
    await inspector.expectRecord('signed in', 'bert');
    expect(inspector.feed.join()).not.toContain('anna');
    await inspector.filter('User', '');
    await inspector.filter('Socket', anna.socketId);
    await bert.subscribe('seen-by-nobody');
    await anna.subscribe('seen-by-anna');
    await inspector.expectRecord('subscribed', 'seen-by-anna');
    expect(await inspector.rows('Records', bert.socketId).count()).toBe(0);
    expect(inspector.feed.join()).not.toContain('seen-by-nobody');
  });

  it('by kind asks the server for no other, until it is reset', async () => {
    const inspector = await open();
    await inspector.asking(() => inspector.button('subscribed').click());
    const client = await PusherClient.connect(server);
    await client.subscribe('orders');
    await inspector.expectRecord('subscribed', client.socketId);
    expect(await inspector.rows('Records').count()).toBe(1);
    expect(inspector.feed.join()).not.toContain('"kind":"connected"');
    await inspector.asking(() => inspector.button('Reset').click());
    await publish(server, 'orders', 'after-reset');
    await inspector.expectRecord('after-reset');
  });

  it('comes from a record with one click', async () => {
    const inspector = await open();
    await publish(server, 'orders', 'first');
    const details = await inspector.openRecord('first');
    await inspector.asking(() => inspector.button('Filter by this channel', details).click());
    expect(await inspector.field('Channel').inputValue()).toBe('orders');
  });

  it('by free text looks at what is there', async () => {
    const inspector = await open();
    for (const name of ['pear', 'apple', 'Pineapple']) await publish(server, 'fruit', name);
    await inspector.expectRecord('Pineapple');
    await inspector.field('Search').fill('FRUIT apple');
    await inspector.expectNoRow('Records', 'pear');
    await inspector.expectRecord(/(?<!e)apple/);
    await inspector.field('Search').fill('no such thing');
    await inspector.expectText('Nothing matches yet');
    await inspector.button('Show everything').click();
    await inspector.expectRecord('pear');
  });
});

describe('The hand on the tail', () => {
  it('pauses it, lets it run again and clears it', async () => {
    const inspector = await open();
    await publish(server, 'orders', 'before-pause');
    await inspector.expectRecord('before-pause');
    await inspector.button('Pause').click();
    await publish(server, 'orders', 'while-paused');
    await inspector.expectText(/paused; 1 more arrived meanwhile/);
    expect(await inspector.rows('Records', 'while-paused').count()).toBe(0);
    await inspector.button('Resume').click();
    await inspector.expectRecord('while-paused');
    await inspector.button('Clear').click();
    await inspector.expectNoRow('Records');
    await publish(server, 'orders', 'after-clear');
    await inspector.expectRecord('after-clear');
  });

  it('takes what is shown home as JSON lines', async () => {
    const inspector = await open();
    for (const name of ['one', 'two']) await publish(server, 'orders', name, '{"a":"\\n"}');
    const client = await PusherClient.connect(server);
    client.sendSubscribe('private-x', channelAuth(server, client.socketId, 'private-x'));
    await inspector.expectRecord('subscribed', 'private-x');
    const coming = inspector.page.waitForEvent('download');
    await inspector.button('Export').click();
    const download = await coming;
    expect(download.suggestedFilename()).toMatch(/^revurb-records-.*\.jsonl$/);
    const text = readFileSync(await download.path(), 'utf8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(await inspector.rows('Records').count());
    expect(lines.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['published', 'connected', 'subscribed']),
    );
    const published = lines.find(({ event }) => event === 'one');
    expect(published).toMatchObject({ channels: ['orders'], data: '{"a":"\\n"}' });
    expect(published.trace.map(({ step }: { step: string }) => step)).toContain('taken');
  });

  it('finds its keys', async () => {
    const inspector = await open();
    const { keyboard } = inspector.page;
    await publish(server, 'orders', 'by-key');
    await inspector.expectRecord('by-key');
    await keyboard.press('p');
    await inspector.button('Resume').waitFor();
    await keyboard.press('p');
    await keyboard.press('x');
    await inspector.expectNoRow('Records', 'by-key');
    await keyboard.press('/');
    expect(
      await inspector.field('Search').evaluate((field) => field === document.activeElement),
    ).toBe(true);
    await keyboard.type('p');
    expect(await inspector.field('Search').inputValue()).toBe('p');
    await inspector.button('Pause').waitFor();
  });
});

describe('The trace of a publish', () => {
  it('shows the request, the hand-over and the sockets, without the one that is excluded', async () => {
    const inspector = await open();
    const author = await PusherClient.connect(server);
    const reader = await PusherClient.connect(server);
    await author.subscribe('traced');
    await reader.subscribe('traced');
    await publish(server, 'traced', 'edited', '{}', { socket_id: author.socketId });
    const details = await inspector.openRecord('published', 'edited');
    const steps = details.getByRole('listitem');
    await steps.filter({ hasText: 'Request taken' }).waitFor();
    await steps.filter({ hasText: 'Handed to the cluster · traced' }).waitFor();
    const written = steps.filter({ hasText: 'Written to 1 socket · traced' });
    await written.getByText(`not to ${author.socketId}, which is excluded`).waitFor();
    await details.getByText(/^1 socket on 1 node · .* in all · .* excluded$/).waitFor();
  });

  it('says that it may be incomplete when there was too much at once, and else does not', async () => {
    const inspector = await open();
    const isIncomplete = /this one may be incomplete/;
    await publish(server, 'nobody', 'alone');
    const alone = await inspector.openRecord('published', 'alone');
    await alone.getByText(/^0 sockets on 1 node/).waitFor();
    expect(await alone.getByText(isIncomplete).count()).toBe(0);
    const reader = await PusherClient.connect(server);
    const channels = Array.from({ length: 100 }, (_, i) => `wide-${i}`);
    for (const channel of channels) await reader.subscribe(channel);
    await Promise.all(Array.from({ length: 20 }, (_, i) => publish(server, channels, `w-${i}.`)));
    const details = await inspector.openRecord('published', 'w-0.');
    await details.getByText(isIncomplete).waitFor();
  });

  it('shows a batch, and nobody who got it', async () => {
    const inspector = await open();
    await backendOf(server).triggerBatch([
      { channel: 'nobody-1', name: 'first', data: 1 },
      { channel: 'nobody-2', name: 'second', data: 2 },
    ]);
    const details = await inspector.openRecord('nobody-2', 'in a batch of 2');
    await details.getByText(/^0 sockets on 1 node/).waitFor();
  });
});

describe('A list of records', () => {
  it('draws what is seen alone, and stays where it is read', async () => {
    const inspector = await open();
    const backend = backendOf(server);
    // Few enough at a time that none is left out.
    for (let round = 0; round < 4; round++) {
      for (const part of ['a', 'b', 'c']) {
        await backend.triggerBatch(
          Array.from({ length: 10 }, (_, i) => ({
            channel: 'many',
            name: `${round}${part}${i}.`,
            data: 0,
          })),
        );
      }
      await inspector.expectRecord(`${round}c9.`);
    }
    await inspector.expectText(/^120 records/);
    expect(await inspector.rows('Records').count()).toBeLessThan(80);
    await inspector.grid('Records').evaluate((grid) => (grid.scrollTop = 2000));
    await publish(server, 'many', 'newest-of-all');
    const fresh = inspector.button(/^\d+ new$/);
    await fresh.waitFor();
    expect(await inspector.rows('Records', 'newest-of-all').count()).toBe(0);
    await fresh.click();
    await inspector.expectRecord('newest-of-all');
  });
});
