import { member, signedIn, subscriber } from '../harness/cluster-clients.js';
import { closeAll, eventually } from '../harness/eventually.js';
import { publish } from '../harness/publish.js';
import { PusherClient } from '../harness/pusher-client.js';
import type { ServerProcess } from '../harness/server-process.js';
import { answer, WebhookReceiver, webhookVariables } from '../harness/webhook-receiver.js';
import { startInspected } from './harness/inspected-server.js';
import { Inspector, PATIENCE_MS } from './harness/inspector.js';
import { useChromium } from './harness/use-chromium.js';

const chromium = useChromium();
const ROOM = 'presence-room-7';

let server: ServerProcess;
let anna: PusherClient;

beforeAll(async () => {
  server = await startInspected({ REVERB_INSPECTOR_PAYLOADS: 'true' });
  anna = await member(server, ROOM, 'anna', { name: 'Anna' });
  await member(server, ROOM, 'bert', { name: 'Bert' });
  await member(server, ROOM, 'bert', { name: 'Bert' });
  await publish(server, 'cache-price', 'price', '{"euro":5}');
  await subscriber(server, 'cache-price', 'orders');
  const one = await PusherClient.connect(server);
  await one.subscribePrivate('private-orders', server);
});

afterAll(closeAll);

const open = () => Inspector.open(chromium, server);

describe('Channels', () => {
  it('are listed with their kind, subscriptions and users, and found', async () => {
    const inspector = await open();
    await inspector.goTo('Channels');
    await inspector.expectRow('Channels', /^presence-room-7presence32/);
    await inspector.expectRow('Channels', /^cache-pricecache1/);
    await inspector.expectRow('Channels', /^private-ordersprivate1/);
    await inspector.expectRow('Channels', /^orderspublic1/);
    await inspector.expectText('4 channels');
    await inspector.field('Search').fill('orders');
    await inspector.expectText('2 channels');
    await inspector.expectNoRow('Channels', 'presence');
    await inspector.field('Search').fill('no such channel');
    await inspector.expectText('No channel matches');
    await inspector.field('Search').fill('');
  });

  it('are sorted as one likes', async () => {
    const inspector = await open();
    await inspector.goTo('Channels');
    const first = () => inspector.rows('Channels').first().textContent();
    await inspector.expectRow('Channels', 'orderspublic');
    expect(await first()).toContain(ROOM);
    await inspector.button('Name', inspector.grid('Channels')).click();
    expect(await first()).toContain('cache-price');
    await inspector.button(/^Name/, inspector.grid('Channels')).click();
    expect(await first()).toContain('private-orders');
  });

  it('tell who is there, and what happens there', async () => {
    const inspector = await open();
    await inspector.goTo('Channels');
    await (await inspector.expectRow('Channels', ROOM)).click();
    await inspector.expectTitle(ROOM);
    await inspector.expectRow('Subscribers', anna.socketId, 'anna');
    await inspector.expectRow(/^2 members$/, 'bert');
    await eventually(async () => {
      await publish(server, ROOM, 'message');
      await inspector.rows('What happens on it', 'message').first().waitFor({ timeout: 500 });
    });
    await publish(server, 'elsewhere', 'not-here');
    await (await inspector.expectRow('Subscribers', anna.socketId)).click();
    await inspector.page.getByRole('link', { name: `Open ${anna.socketId}` }).click();
    await inspector.expectTitle(anna.socketId);
    await inspector.page.goBack();
    await inspector.expectTitle(ROOM);
  });

  it('show the event that they remember', async () => {
    const inspector = await open();
    await inspector.goTo('Channels');
    await (await inspector.expectRow('Channels', 'cache-price')).click();
    const cached = inspector.page.getByRole('region', { name: 'Cached event' });
    await cached.getByText(/^price, 10 B, forgotten in/).waitFor();
    expect(JSON.parse((await inspector.field('Cached payload').textContent())!)).toEqual({
      euro: 5,
    });
  });
});

describe('Connections', () => {
  it('are listed and found by what is known of them', async () => {
    const inspector = await open();
    const cara = await signedIn(server, 'cara');
    await inspector.goTo('Connections');
    await inspector.expectRow('Connections', cara.socketId, 'cara', 'js 8.6.0', '127.0.0.1');
    await inspector.field('Search').fill('cara');
    await inspector.expectText('1 connection');
    await inspector.expectNoRow('Connections', anna.socketId);
    await (await inspector.expectRow('Connections', cara.socketId)).click();
    await inspector.expectTitle(cara.socketId);
    await inspector.page
      .getByRole('definition')
      .filter({ hasText: /^cara$/ })
      .waitFor();
    await inspector.expectText('It is subscribed to nothing.');
    await inspector.expectText(/^Nothing since you opened/);
    await eventually(async () => {
      await cara.subscribe('orders');
      cara.unsubscribe('orders');
      await inspector
        .rows('What it does', 'subscribed', 'orders')
        .first()
        .waitFor({ timeout: 500 });
    });
    await cara.subscribe('news');
    await inspector.expectRow('Subscriptions', 'news');
    await cara.close();
    await inspector.rows('What it does', 'disconnected').waitFor();
    // It is asked for again, and is no more.
    await inspector.watched.expectComplaint(/^console: .*status of 404 /, {
      withinMs: PATIENCE_MS,
    });
    await inspector.expectText(/What you see is the last answer\.$/);
    await inspector.goTo('Nodes');
    if (inspector.watched.complaints.length > 0) await inspector.watched.expectComplaint(/404/);
  });
});

describe('Nodes and charts', () => {
  it('tell how the server is', async () => {
    const inspector = await open();
    await inspector.goTo('Nodes');
    await inspector.expectRow('Nodes', 'alone', /%/, /MiB/);
    await inspector.expectText(/^1 node\. Each gives a sign of life every/);
    await inspector.goTo('Charts');
    const charts = inspector.page.getByRole('slider');
    await charts.first().waitFor({ timeout: PATIENCE_MS });
    expect(await charts.count()).toBeGreaterThanOrEqual(5);
    const connections = inspector.page.getByRole('slider', { name: 'Connections' });
    await connections.focus();
    await inspector.page.keyboard.press('Home');
    expect(await connections.getAttribute('aria-valuenow')).toBe('0');
    expect(await connections.getAttribute('aria-valuetext')).toMatch(/^\d\d:\d\d:\d\d: .* \d+/);
  });
});

describe('10 000 channels', () => {
  it('are listed by few elements, to the last', async () => {
    const crowded = await startInspected();
    const client = await PusherClient.connect(crowded);
    for (let i = 0; i < 10_000; i++) client.sendSubscribe(`channel-${String(i).padStart(4, '0')}`);
    await client.roundTrip(PATIENCE_MS);
    const inspector = await Inspector.open(chromium, crowded);
    await inspector.goTo('Channels');
    await inspector.expectText(/^10.000 channels$/);
    const grid = inspector.grid('Channels');
    expect(await grid.getAttribute('aria-rowcount')).toBe('10001');
    expect(await inspector.rows('Channels').count()).toBeLessThan(100);
    await inspector.button('Name', grid).click();
    await inspector.expectRow('Channels', 'channel-0000');
    await grid.evaluate((element) => (element.scrollTop = element.scrollHeight));
    await inspector.expectRow('Channels', 'channel-9999');
    expect(await inspector.rows('Channels').count()).toBeLessThan(100);
    expect(await inspector.page.locator('*').count()).toBeLessThan(2000);
    await grid.press('Home');
    await inspector.expectRow('Channels', 'channel-0000');
    await inspector.field('Search').fill('channel-77');
    await inspector.expectText('100 channels');
  });
});

describe('Webhooks that nobody takes', () => {
  it('are dead letters, and are sent again', async () => {
    const receiver = await WebhookReceiver.start();
    receiver.behave(answer(500));
    const webhooks = [
      { url: receiver.url('/hook?key=abracadabra'), event_types: ['channel_occupied'] },
    ];
    const calling = await startInspected(
      webhookVariables(webhooks, { REVERB_WEBHOOK_RETRY_WINDOW: '0', REVERB_WEBHOOK_GRACE: '0' }),
    );
    const inspector = await Inspector.open(chromium, calling);
    await inspector.goTo('Webhooks');
    await inspector.expectText('Everything was delivered, or is still being tried.');
    await subscriber(calling, 'orders', 'news');
    await (await inspector.expectRow('Dead letters', 'orders')).click();
    await inspector.expectRow('Dead letters', 'news', '500');
    expect(await inspector.page.content()).not.toContain('abracadabra');

    await inspector.button('Send this one again').click();
    await inspector.expectQuestion('Send again');
    await inspector.cancel();
    expect(receiver.taken()).toEqual([]);
    receiver.behave(answer(200));
    await inspector.button('Send this one again').click();
    expect(await inspector.confirm('Send again')).toBe('1 webhook put back in the queue.');
    await eventually(() =>
      expect(receiver.events()).toEqual([{ name: 'channel_occupied', channel: 'orders' }]),
    );
    await inspector.expectNoRow('Dead letters', 'orders');
    await inspector.button('Send all again').click();
    await inspector.confirm('Send again');
    await inspector.expectText('Everything was delivered, or is still being tried.');
    expect(receiver.events()).toHaveLength(2);
    await inspector.goTo('Tail');
    await inspector.page.getByRole('row').filter({ hasText: 'webhook' }).first().waitFor();
    await calling.said(/sent 1 webhook event again/);
  });
});
