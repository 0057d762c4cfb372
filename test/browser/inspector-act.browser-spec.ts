import { member, signedIn, subscriber } from '../harness/cluster-clients.js';
import { closeAll } from '../harness/eventually.js';
import { publish } from '../harness/publish.js';
import { PusherClient } from '../harness/pusher-client.js';
import type { ServerProcess } from '../harness/server-process.js';
import { startInspected, TOKEN } from './harness/inspected-server.js';
import { Inspector, type View } from './harness/inspector.js';
import { useChromium } from './harness/use-chromium.js';

const chromium = useChromium();

let server: ServerProcess;

beforeAll(async () => {
  server = await startInspected({ REVERB_APP_MAX_EVENT_SIZE: '200' });
});

afterAll(closeAll);

/** Opens a view as somebody with a name. */
async function openAs(name: string, view: View): Promise<Inspector> {
  const inspector = await Inspector.visit(chromium, server, { token: null });
  await inspector.field('Token').fill(TOKEN);
  await inspector.field('Your name (optional)').fill(name);
  await inspector.page.keyboard.press('Enter');
  await inspector.expectLive();
  await inspector.goTo(view);
  return inspector;
}

/** What an event to be published consists of. */
interface Draft {
  readonly 'Event name'?: string;
  readonly Channels?: string;
  readonly 'Data (JSON)'?: string;
  readonly 'Exclude socket id (optional)'?: string;
}

async function write(inspector: Inspector, draft: Draft, number = 1): Promise<void> {
  const event = inspector.page.getByRole('group', { name: `Event ${number}` });
  for (const [label, text] of Object.entries(draft)) {
    await event.getByLabel(label, { exact: true }).fill(text);
  }
}

/** Presses the button and says yes. */
async function publishFrom(inspector: Inspector, name = 'Publish'): Promise<string> {
  await inspector.button(name).click();
  await inspector.expectQuestion('Publish');
  return inspector.confirm('Publish');
}

/** What is said at a field, and whether it is marked. */
async function faultAt(inspector: Inspector, label: string): Promise<string> {
  const field = inspector.field(label);
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  const id = await field.getAttribute('aria-describedby');
  return (await inspector.page.locator(`[id="${id}"]`).textContent()) ?? '';
}

describe('Publishing from the page', () => {
  it('reaches who is subscribed, but not before it is confirmed, and not who is excluded', async () => {
    const inspector = await openAs('Anna', 'Publish');
    const [one, two] = [
      await subscriber(server, 'orders'),
      await subscriber(server, 'orders', 'news'),
    ];
    await write(inspector, {
      'Event name': 'order.shipped',
      Channels: 'orders',
      'Data (JSON)': '{"id": 7}',
    });
    await inspector.button('Publish').click();
    expect(await inspector.expectQuestion('Publish')).toContain('orders');
    await inspector.cancel();
    expect(await publishFrom(inspector)).toBe('1 event published.');
    expect((await one.expectFrame('order.shipped')).json).toEqual({ id: 7 });
    await two.expectFrame('order.shipped');
    await server.said(/Anna published/);

    await write(inspector, {
      'Event name': 'order.edited',
      Channels: 'orders news',
      'Exclude socket id (optional)': one.socketId,
    });
    await publishFrom(inspector);
    await two.expectFrame('order.edited', { channel: 'orders' });
    await two.expectFrame('order.edited', { channel: 'news' });
    await one.roundTrip();
    expect(one.framesLike('order.edited')).toEqual([]);
    // Cancelling had done nothing.
    expect(one.framesLike('order.shipped')).toHaveLength(1);
    await inspector.goTo('Tail');
    await inspector.expectRecord('published', 'order.edited', 'from the inspector', one.socketId);
    await inspector.expectRecord('action', 'order.edited', 'Anna (127.0.0.1): published');
  });

  it('takes several events in order, and offers what was sent again', async () => {
    const inspector = await openAs('Anna', 'Publish');
    const client = await subscriber(server, 'first', 'second');
    await write(inspector, { 'Event name': 'one', Channels: 'first' });
    await inspector.button('Add another event').click();
    await write(inspector, { 'Event name': 'two', Channels: 'second' }, 2);
    expect(await publishFrom(inspector, 'Publish 2 events')).toBe('2 events published.');
    await client.expectFrame('one', { channel: 'first' });
    await client.expectFrame('two', { channel: 'second' });
    await inspector.button('Remove event 2').click();
    await write(inspector, { 'Event name': 'other' });
    await inspector.button('Use again').click();
    expect(await inspector.field('Event name').first().inputValue()).toBe('one');
    await publishFrom(inspector, 'Publish 2 events');
    await client.expectFrame('two', { channel: 'second' });
  });

  it('says at the field what is wrong, and what the server refuses', async () => {
    const inspector = await openAs('Anna', 'Publish');
    await write(inspector, { Channels: 'no/channel', 'Data (JSON)': '{"id": ' });
    await inspector.button('Publish').click();
    await inspector.page.getByRole('alert').getByText('Mend what is marked').waitFor();
    expect(await inspector.dialog.count()).toBe(0);
    expect(await faultAt(inspector, 'Event name')).toBe('Name the event.');
    expect(await faultAt(inspector, 'Channels')).toContain('no/channel');
    expect(await faultAt(inspector, 'Data (JSON)')).toMatch(/JSON|Unexpected|end/);

    const tooLarge = JSON.stringify('x'.repeat(300));
    await write(inspector, { 'Event name': 'e', Channels: 'orders', 'Data (JSON)': tooLarge });
    const answer = await publishFrom(inspector);
    await inspector.watched.expectComplaint(/^console: .*status of 4(00|13) /);
    const fault = await faultAt(inspector, 'Data (JSON)');
    expect(fault).toMatch(/200/);
    expect(answer).toContain(fault);
    await write(inspector, { 'Data (JSON)': '"short"' });
    expect(await publishFrom(inspector)).toBe('1 event published.');
    expect(await inspector.field('Data (JSON)').getAttribute('aria-invalid')).toBe('false');
  });

  it('marks no field that was mended, and no event for another that was removed', async () => {
    const inspector = await openAs('Anna', 'Publish');
    const alert = inspector.page.getByRole('alert');
    await write(inspector, { Channels: 'no/channel', 'Data (JSON)': '{"id": ' });
    await inspector.button('Add another event').click();
    await write(inspector, { 'Event name': 'two', Channels: 'second' }, 2);
    await inspector.button('Publish 2 events').click();
    await alert.getByText('Mend what is marked').waitFor();
    const marked = inspector.page.locator('form [aria-invalid="true"]');
    expect(await marked.count()).toBe(3);
    await write(inspector, { 'Data (JSON)': '{"id": 7}' });
    expect(await marked.count()).toBe(2);
    await inspector.button('Remove event 1').click();
    await inspector.button('Remove event 1').waitFor({ state: 'detached' });
    expect(await inspector.field('Event name').inputValue()).toBe('two');
    expect(await marked.count()).toBe(0);
    expect(await alert.textContent()).toBe('');
  });
});

describe('Intervening', () => {
  it('closes a connection, once that is confirmed', async () => {
    const inspector = await openAs('Bert', 'Connections');
    const client = await PusherClient.connect(server);
    await (await inspector.expectRow('Connections', client.socketId)).click();
    await inspector.expectTitle(client.socketId);
    await inspector.button('Disconnect').click();
    expect(await inspector.expectQuestion('Disconnect this connection')).toContain(client.socketId);
    await inspector.cancel();
    await client.roundTrip();
    await inspector.button('Disconnect').click();
    await inspector.expectQuestion('Disconnect this connection');
    await inspector.page.keyboard.press('Escape');
    await inspector.dialog.waitFor({ state: 'detached' });
    await client.roundTrip();
    expect(server.output).not.toContain('Bert disconnected');
    await inspector.button('Disconnect').click();
    expect(await inspector.confirm('Disconnect')).toBe('1 connection closed.');
    const { code } = await client.expectClose(4009);
    await server.said(/Bert disconnected 1 connection/);
    await inspector.rows('What it does', 'disconnected', String(code)).waitFor();
    // Asked for once more.
    await inspector.watched.expectComplaint(/^console: .*status of 404 /);
    await inspector.goTo('Tail');
    if (inspector.watched.complaints.length > 0) await inspector.watched.expectComplaint(/ 404 /);
    await inspector.expectRecord('action', client.socketId, 'Bert (127.0.0.1): disconnected 1');
  });

  it('closes all connections of a user', async () => {
    const inspector = await openAs('Bert', 'Connections');
    const [tab, phone] = [await signedIn(server, 'cara'), await signedIn(server, 'cara')];
    const other = await signedIn(server, 'dora');
    await (await inspector.expectRow('Connections', tab.socketId)).click();
    await inspector.button('Disconnect user cara').click();
    expect(await inspector.expectQuestion('Disconnect this user')).toContain('cara');
    expect(await inspector.confirm('Disconnect user')).toBe('2 connections closed.');
    await tab.expectClose(4009);
    await phone.expectClose(4009);
    await other.roundTrip();
    await server.said(/Bert disconnected 2 connections/);
    await inspector.watched.expectComplaint(/^console: .*status of 404 /);
    await inspector.goTo('Tail');
    if (inspector.watched.complaints.length > 0) await inspector.watched.expectComplaint(/ 404 /);
  });

  it('takes a user out of a channel', async () => {
    const inspector = await openAs('Bert', 'Channels');
    const anna = await member(server, 'presence-room-7', 'anna');
    const eric = await member(server, 'presence-room-7', 'eric');
    await (await inspector.expectRow('Channels', 'presence-room-7')).click();
    await (await inspector.expectRow('2 members', 'eric')).click();
    await inspector.button('Unsubscribe eric').click();
    expect(await inspector.expectQuestion('Unsubscribe this user')).toContain('presence-room-7');
    expect(await inspector.confirm('Unsubscribe')).toBe('1 subscription ended.');
    await anna.expectFrame('pusher_internal:member_removed');
    await eric.roundTrip();
    await inspector.expectRow('1 member', 'anna');
    await inspector.expectNoRow('Subscribers', 'eric');
    await server.said(/Bert ended 1 subscription/);
    await (await inspector.expectRow('Subscribers', 'anna')).click();
    await inspector.button(`Disconnect ${anna.socketId}`).click();
    await inspector.confirm('Disconnect');
    await anna.expectClose(4009);
  });

  it('has a channel forget its event', async () => {
    const inspector = await openAs('Bert', 'Channels');
    await subscriber(server, 'cache-price');
    await publish(server, 'cache-price', 'price', '5');
    await (await inspector.expectRow('Channels', 'cache-price')).click();
    await inspector.button('Clear').click();
    await inspector.expectQuestion('Clear the cached event');
    await inspector.cancel();
    const early = await subscriber(server, 'cache-price');
    await early.expectFrame('price');
    await inspector.button('Clear').click();
    expect(await inspector.confirm('Clear')).toBe('1 event forgotten.');
    await inspector.expectText('It remembers no event at the moment.');
    const late = await subscriber(server, 'cache-price');
    await late.expectFrame('pusher:cache_miss');
    await server.said(/Bert cleared the cached event/);
  });
});
