import type { Response } from 'playwright-core';
import { closeAll, eventually } from '../harness/eventually.js';
import { publish } from '../harness/publish.js';
import { PusherClient } from '../harness/pusher-client.js';
import type { ServerProcess } from '../harness/server-process.js';
import { startInspected, TOKEN } from './harness/inspected-server.js';
import { Inspector, PATIENCE_MS } from './harness/inspector.js';
import { inspectorUrlOf } from './harness/open-inspector.js';
import { useChromium } from './harness/use-chromium.js';

const chromium = useChromium();

let server: ServerProcess;

beforeAll(async () => {
  server = await startInspected();
});

afterAll(closeAll);

/** The sign-in link of the server. */
const link = () => new URL(`#token=${TOKEN}`, inspectorUrlOf(server)).href;

/** Signs in again in another tab, with another session, and comes back to this one. */
async function signInElsewhere(inspector: Inspector): Promise<void> {
  const before = await cookieOf(inspector);
  await (await inspector.openTab(link())).expectLive();
  expect(await cookieOf(inspector)).not.toBe(before);
  await inspector.page.bringToFront();
}

async function cookieOf({ watched }: Inspector): Promise<string | undefined> {
  const [cookie] = await watched.context.cookies();
  return cookie?.value;
}

/** The browser says so of each answer that is no success. */
const expectRefusal = ({ watched }: Inspector, status: number) =>
  watched.expectComplaint(new RegExp(`^console: .*status of ${status} `), {
    withinMs: PATIENCE_MS,
  });

/** Goes to the tail from the page of a connection that is gone, which may have been asked for once more. */
async function leaveConnection(inspector: Inspector): Promise<void> {
  await inspector.goTo('Tail');
  if (inspector.watched.complaints.length > 0) await expectRefusal(inspector, 404);
}

const isWatching = (response: Response) => response.url().endsWith('/api/watches');

describe('A page goes on when another tab has signed in again', () => {
  it('and its tail still hears what it asks for', async () => {
    const inspector = await Inspector.open(chromium, server);
    await inspector.filter('Channel', 'before');
    await signInElsewhere(inspector);
    const taken = inspector.page.waitForResponse(
      (response) =>
        isWatching(response) &&
        response.ok() &&
        response.request().postData()!.includes('afterwards'),
    );
    await inspector.field('Channel').fill('afterwards');
    await taken;
    await publish(server, 'afterwards', 'heard');
    await inspector.expectRecord('afterwards', 'heard');
    await inspector.expectLive();
    await expectRefusal(inspector, 403);
  });

  it('and acts, also when several requests learn of it at once', async () => {
    const inspector = await Inspector.open(chromium, server);
    const { page } = inspector;
    const client = await PusherClient.connect(server);
    const details = await inspector.openRecord('connected', client.socketId);
    // What the feed asks for learns of the new session first, but not before the action was refused.
    const refused = page.waitForResponse((response) => response.url().endsWith('/disconnect'));
    let renewed: Promise<unknown> | undefined;
    await page.route('**/api/session', async (route) => {
      if (renewed === undefined) {
        renewed = refused.then(() => page.waitForResponse((one) => isWatching(one) && one.ok()));
        await refused;
      } else {
        await renewed;
      }
      await route.continue();
    });
    await signInElsewhere(inspector);
    await details.getByRole('link', { name: 'Open connection' }).click();
    await inspector.button('Disconnect').click();
    await inspector.expectQuestion('Disconnect this connection');
    await eventually(() => expect(renewed).toBeDefined(), { withinMs: PATIENCE_MS });
    expect(await inspector.confirm('Disconnect')).toBe('1 connection closed.');
    expect((await refused).status()).toBe(403);
    await client.expectClose(4009);
    await expectRefusal(inspector, 403);
    await leaveConnection(inspector);
  });

  it('and is uncovered, if it was covered', async () => {
    const inspector = await Inspector.open(chromium, server);
    await publish(server, 'orders', 'kept');
    await inspector.expectRecord('kept');
    await inspector.watched.context.clearCookies();
    await inspector.field('Channel').fill('orders');
    await inspector.page.locator('.shell[inert]').waitFor({ state: 'attached' });
    // This server has no password.
    await inspector.field('Token').waitFor();
    expect(await inspector.field('Password').count()).toBe(0);
    await expectRefusal(inspector, 401);

    await signInElsewhere(inspector);
    await inspector.page.locator('.shell:not([inert])').waitFor({ state: 'attached' });
    await inspector.expectLive();
    await inspector.expectRecord('kept');
    expect(await inspector.button('Sign in').count()).toBe(0);
    await expectRefusal(inspector, 403);
    if (inspector.watched.complaints.length > 0) await expectRefusal(inspector, 401);
  });
});

describe('Whoever signs in by the link', () => {
  it('has the name that the browser remembers', async () => {
    const inspector = await Inspector.visit(chromium, server, { token: null });
    await inspector.field('Token').fill(TOKEN);
    await inspector.field('Your name (optional)').fill('Anna');
    await inspector.button('Sign in').click();
    await inspector.button('Sign out (Anna)').click();
    await inspector.field('Token').waitFor();

    const tab = await inspector.openTab(link());
    await tab.expectLive();
    const client = await PusherClient.connect(server);
    await (
      await tab.openRecord('connected', client.socketId)
    )
      .getByRole('link', { name: 'Open connection' })
      .click();
    await tab.button('Disconnect').click();
    await tab.confirm('Disconnect');
    await leaveConnection(tab);
    await tab.expectRecord('action', client.socketId, 'Anna (127.0.0.1): disconnected 1');
  });
});
