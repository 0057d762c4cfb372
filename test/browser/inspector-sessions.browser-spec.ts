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

/** Signs in again in another tab, with another session. */
async function signInElsewhere(inspector: Inspector): Promise<Inspector> {
  const before = await cookieOf(inspector);
  const tab = await inspector.openTab(link());
  await tab.expectLive();
  expect(await cookieOf(inspector)).not.toBe(before);
  return tab;
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

/** Ends the session, and resolves once the sign-in lies over the page. */
async function endSession(inspector: Inspector): Promise<void> {
  await inspector.watched.context.clearCookies();
  await inspector.page.locator('.shell[inert]').waitFor({ state: 'attached' });
  await expectRefusal(inspector, 401);
}

describe('A page goes on when another tab has signed in again', () => {
  it('and its tail still hears what it asks for', async () => {
    const inspector = await Inspector.open(chromium, server);
    await inspector.filter('Channel', 'before');
    await signInElsewhere(inspector);
    const taken = inspector.page.waitForResponse(
      (response) =>
        response.url().endsWith('/api/watches') &&
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

  it('and acts, also when two requests learn of it at once', async () => {
    const inspector = await Inspector.open(chromium, server);
    const client = await PusherClient.connect(server);
    await (await inspector.openRecord('connected', client.socketId))
      .getByRole('link', { name: 'Open connection' })
      .click();
    await inspector.expectTitle(client.socketId);
    await inspector.button('Disconnect').click();
    await inspector.expectQuestion('Disconnect this connection');

    // The renewal of the watches learns of it first, and has the new session when the action asks for it.
    const asked: (() => Promise<void>)[] = [];
    await inspector.page.route('**/api/session', (route) => {
      asked.push(() => route.continue());
    });
    await signInElsewhere(inspector);
    await eventually(() => expect(asked).toHaveLength(1), { withinMs: PATIENCE_MS });
    const acted = inspector.confirm('Disconnect');
    await eventually(() => expect(asked).toHaveLength(2), { withinMs: PATIENCE_MS });
    const renewed = inspector.page.waitForResponse(
      (response) => response.url().endsWith('/api/watches') && response.ok(),
    );
    await asked[0]!();
    await renewed;
    await asked[1]!();
    expect(await acted).toBe('1 connection closed.');
    await client.expectClose(4009);
    await expectRefusal(inspector, 403);
    // The connection is asked for once more.
    await inspector.goTo('Tail');
    if (inspector.watched.complaints.length > 0) await expectRefusal(inspector, 404);
  });

  it('and is uncovered, if it was covered', async () => {
    const inspector = await Inspector.open(chromium, server);
    await publish(server, 'orders', 'kept');
    await inspector.expectRecord('kept');
    await endSession(inspector);
    await (await inspector.openTab(link())).expectLive();
    await inspector.page.locator('.shell:not([inert])').waitFor({ state: 'attached' });
    await inspector.expectLive();
    await inspector.expectRecord('kept');
    expect(await inspector.button('Sign in').count()).toBe(0);
    // Of the requests that were made while nobody was signed in, and of the one that learned of it.
    await expectRefusal(inspector, 403);
    if (inspector.watched.complaints.length > 0) await expectRefusal(inspector, 401);
  });
});

describe('Whoever signs in by the link', () => {
  it('is asked for a token when the session has ended, if there is no password', async () => {
    const inspector = await Inspector.open(chromium, server);
    await endSession(inspector);
    await inspector.field('Token').fill(TOKEN);
    expect(await inspector.field('Password').count()).toBe(0);
    await inspector.button('Sign in').click();
    await inspector.expectLive();
    if (inspector.watched.complaints.length > 0) await expectRefusal(inspector, 401);
  });

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
    await (await tab.openRecord('connected', client.socketId))
      .getByRole('link', { name: 'Open connection' })
      .click();
    await tab.button('Disconnect').click();
    await tab.confirm('Disconnect');
    await tab.goTo('Tail');
    await tab.expectRecord('action', client.socketId, 'Anna (127.0.0.1): disconnected 1');
    // The connection is asked for once more.
    if (tab.watched.complaints.length > 0) await expectRefusal(tab, 404);
  });
});
