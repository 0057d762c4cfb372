import type { Locator } from 'playwright-core';
import { member } from '../harness/cluster-clients.js';
import { closeAll } from '../harness/eventually.js';
import { publish } from '../harness/publish.js';
import { PusherClient } from '../harness/pusher-client.js';
import type { ServerProcess } from '../harness/server-process.js';
import { answer, WebhookReceiver, webhookVariables } from '../harness/webhook-receiver.js';
import { startInspected, TOKEN } from './harness/inspected-server.js';
import { Inspector } from './harness/inspector.js';
import { useChromium } from './harness/use-chromium.js';

const chromium = useChromium();
const ROOM = 'presence-room-7';
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };

let server: ServerProcess;
let anna: PusherClient;

beforeAll(async () => {
  const receiver = await WebhookReceiver.start();
  receiver.behave(answer(500));
  const webhooks = [{ url: receiver.url('/hook'), event_types: ['channel_occupied'] }];
  server = await startInspected({
    REVERB_INSPECTOR_PAYLOADS: 'true',
    ...webhookVariables(webhooks, { REVERB_WEBHOOK_RETRY_WINDOW: '0', REVERB_WEBHOOK_GRACE: '0' }),
  });
  anna = await member(server, ROOM, 'anna', { name: 'Anna' });
  await publish(server, 'cache-price', 'price', '{"euro":5}');
  await anna.subscribe('cache-price');
});

afterAll(closeAll);

/** What is wrong with what is seen now, on any screen, by day and by night. */
async function expectAccessible({ page, watched }: Inspector, what: string): Promise<void> {
  for (const viewport of [DESKTOP, PHONE]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const violations = await watched.violations();
      expect({ what, width: viewport.width, colorScheme, violations }).toEqual({
        what,
        width: viewport.width,
        colorScheme,
        violations: [],
      });
    }
    const overhang = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect({ what, width: viewport.width, overhang }).toEqual({
      what,
      width: viewport.width,
      overhang: 0,
    });
  }
  await page.setViewportSize(DESKTOP);
}

// Colours that are about to change would be taken for those that stay.
const open = () => Inspector.open(chromium, server, { reducedMotion: 'reduce' });

describe('Whoever needs it is not kept out', () => {
  it('of the sign-in', async () => {
    const inspector = await Inspector.visit(chromium, server, {
      token: null,
      reducedMotion: 'reduce',
    });
    await inspector.field('Token').waitFor();
    await expectAccessible(inspector, 'sign-in');
    await inspector.field('Token').fill('wrong token');
    await inspector.button('Sign in').click();
    await inspector.expectText('The password or token is wrong.');
    await inspector.watched.expectComplaint(/^console: .*status of 401 /);
    await expectAccessible(inspector, 'refused sign-in');
  });

  it('of the tail', async () => {
    const inspector = await open();
    await expectAccessible(inspector, 'empty tail');
    await anna.subscribeRefused('private-orders', 'app-key:0123');
    anna.trigger('client-typing', ROOM, { at: 1 });
    await publish(server, ROOM, 'message', '{"text":"Hello"}', { socket_id: anna.socketId });
    await inspector.asking(() => inspector.button('published').click());
    await inspector.asking(() => inspector.button('Reset').click());
    await inspector.openRecord('published', 'message');
    await expectAccessible(inspector, 'tail with details');
    await inspector.button('Close the details').click();
    await inspector.button('Keyboard shortcuts').click();
    await expectAccessible(inspector, 'help');
  });

  it('of channels and connections', async () => {
    const inspector = await open();
    await inspector.goTo('Channels');
    const room = await inspector.expectRow('Channels', ROOM);
    await expectAccessible(inspector, 'channels');
    await room.click();
    await (await inspector.expectRow('1 member', 'anna')).click();
    await expectAccessible(inspector, 'channel');
    await inspector.button('Unsubscribe anna').click();
    await inspector.expectQuestion('Unsubscribe this user');
    await expectAccessible(inspector, 'question');
    await inspector.cancel();
    await inspector.goTo('Connections');
    const connection = await inspector.expectRow('Connections', anna.socketId);
    await expectAccessible(inspector, 'connections');
    await connection.click();
    await inspector.expectRow('Subscriptions', ROOM);
    await expectAccessible(inspector, 'connection');
  });

  it('of nodes, webhooks, charts and publishing', async () => {
    const inspector = await open();
    await inspector.goTo('Nodes');
    await inspector.expectRow('Nodes', 'alone');
    await expectAccessible(inspector, 'nodes');
    await inspector.goTo('Webhooks');
    await (await inspector.expectRow('Dead letters', ROOM)).click();
    await expectAccessible(inspector, 'webhooks');
    await inspector.goTo('Charts');
    await inspector.page.getByRole('slider').first().waitFor();
    await expectAccessible(inspector, 'charts');
    await inspector.goTo('Publish');
    await inspector.button('Publish').click();
    await inspector.expectText('Name the event.');
    await expectAccessible(inspector, 'publish');
  });
});

/** Presses Tab until it is here, and fails if it never comes, or is not to be seen where it is. */
async function tabTo({ page }: Inspector, target: Locator): Promise<void> {
  const hasFocus = () => target.evaluate((element) => element === document.activeElement);
  for (let presses = 0; !(await hasFocus()); presses++) {
    if (presses === 100) throw new Error(`The key never leads to ${String(target)}.`);
    await page.keyboard.press('Tab');
  }
  const isSeen = await target.evaluate((element) => {
    const { outlineStyle, boxShadow } = getComputedStyle(element);
    return outlineStyle !== 'none' || boxShadow !== 'none';
  });
  expect(isSeen).toBe(true);
}

describe('The keyboard alone', () => {
  it('signs in, filters, opens a record, publishes and confirms', async () => {
    const inspector = await Inspector.visit(chromium, server, { token: null });
    const { keyboard } = inspector.page;
    const type = async (label: string, text: string) => {
      await tabTo(inspector, inspector.field(label));
      await keyboard.type(text);
    };
    await inspector.field('Token').waitFor();
    await type('Token', TOKEN);
    await keyboard.press('Enter');
    await inspector.expectLive();

    await inspector.asking(() => type('Channel', 'orders'));
    await publish(server, 'orders', 'order.shipped', '{"id":7}');
    await inspector.expectRecord('order.shipped');
    await tabTo(inspector, inspector.grid('Records'));
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await inspector.details.getByText('Request taken').waitFor();
    await keyboard.press('Escape');
    await inspector.details.waitFor({ state: 'detached' });

    const link = inspector.page.getByRole('link', { name: 'Publish', exact: true });
    await tabTo(inspector, link);
    await keyboard.press('Enter');
    await inspector.expectTitle('Publish');
    await type('Event name', 'greeting');
    await type('Channels', ROOM);
    await tabTo(inspector, inspector.button('Publish'));
    await keyboard.press('Enter');
    await inspector.expectQuestion('Publish');
    await tabTo(inspector, inspector.button('Publish', inspector.dialog));
    await keyboard.press('Enter');
    await inspector.expectText('1 event published.');
    await anna.expectFrame('greeting');
    await inspector.dialog.waitFor({ state: 'detached' });
    const focused = await inspector.page.evaluate(() => document.activeElement?.textContent);
    expect(focused).toBe('Publish');
  });
});

describe('Who wants no motion', () => {
  it('gets none', async () => {
    const inspector = await Inspector.open(chromium, server);
    // As it looks while it is not live.
    await inspector.page
      .locator('.feed-status')
      .evaluate(({ classList }) => classList.replace('feed-live', 'feed-waiting'));
    const moving = () => inspector.page.evaluate(() => document.getAnimations().length);
    await inspector.page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await moving()).toBe(1);
    await inspector.page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await moving()).toBe(0);
  });
});
