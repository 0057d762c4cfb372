import { eventually } from './harness/eventually.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { Random } from './harness/random.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const EVENT = 'pusher_internal:watchlist_events';
const SWIFT = { REVERB_WEBHOOK_GRACE: '0' };
const GRACEFUL = { REVERB_WEBHOOK_GRACE: '1' };

async function signIn(server: SharedServer, id: string, ...watchlist: string[]) {
  const client = await PusherClient.connect(server);
  await client.signin({ id, watchlist }, server);
  return client;
}

/** Everything a watcher was told, in order, as `online bob`. */
const toldTo = (watcher: PusherClient): string[] =>
  watcher
    .framesLike(EVENT)
    .flatMap(({ json }) =>
      json.events.flatMap(({ name, user_ids }: { name: string; user_ids: string[] }) =>
        user_ids.map((id) => `${name} ${id}`),
      ),
    );

const idsUpTo = (count: number) => Array.from({ length: count }, (_, i) => `user-${i}`);

describe('At signin a watcher', () => {
  it('is told who of its watchlist is online, and of nobody else', async () => {
    const server = await sharedServer();
    for (const id of ['bob', 'cid', 'dee']) await signIn(server, id);
    const ann = await signIn(server, 'ann', 'nobody', 'cid', 'bob');
    const { envelope, json } = await ann.expectFrame(() => true);
    expect(envelope).toEqual({ event: EVENT, data: expect.any(String) });
    expect(json).toEqual({ events: [{ name: 'online', user_ids: ['cid', 'bob'] }] });
    await ann.roundTrip();
    expect(ann.pendingFrames).toEqual([]);
  });

  it('is told after the success of the signin', async () => {
    const server = await sharedServer();
    await signIn(server, 'bob');
    const ann = await PusherClient.connect(server);
    ann.sendSignin({ id: 'ann', watchlist: ['bob'] }, server);
    await ann.expectFrame(EVENT);
    const events = ann.frames.map(({ event }) => event).slice(1);
    expect(events).toEqual(['pusher:signin_success', EVENT]);
  });

  it('is told nothing when nobody is online', async () => {
    const server = await sharedServer();
    const ann = await signIn(server, 'ann', 'bob');
    await ann.roundTrip();
    expect(ann.pendingFrames).toEqual([]);
  });

  it('is told once of who stands in its list twice', async () => {
    const server = await sharedServer();
    await signIn(server, 'bob');
    const ann = await signIn(server, 'ann', 'bob', 'bob');
    await ann.roundTrip();
    expect(toldTo(ann)).toEqual(['online bob']);
  });

  it('is not told of those who joined a presence channel without signing in', async () => {
    const server = await sharedServer();
    const bob = await PusherClient.connect(server);
    await bob.subscribePresence('presence-room', { user_id: 'bob' }, server);
    const ann = await signIn(server, 'ann', 'bob');
    await ann.roundTrip();
    expect(toldTo(ann)).toEqual([]);
  });
});

describe('A watcher', () => {
  it('hears of the first connection and of the last, not of those between', async () => {
    const server = await sharedServer(SWIFT);
    const ann = await signIn(server, 'ann', 'bob');
    const tabs = [];
    for (let i = 0; i < 3; i++) tabs.push(await signIn(server, 'bob'));
    const online = await ann.expectFrame(EVENT);
    expect(online.json).toEqual({ events: [{ name: 'online', user_ids: ['bob'] }] });
    await tabs[0]!.close();
    await tabs[1]!.terminate();
    await ann.roundTrip();
    expect(ann.pendingFrames).toEqual([]);
    await tabs[2]!.terminate();
    const offline = await ann.expectFrame(EVENT);
    expect(offline.json).toEqual({ events: [{ name: 'offline', user_ids: ['bob'] }] });
    await signIn(server, 'bob');
    await ann.expectFrame(EVENT);
    expect(toldTo(ann)).toEqual(['online bob', 'offline bob', 'online bob']);
  });

  it('hears nothing of who does not stand in its list', async () => {
    const server = await sharedServer(SWIFT);
    const ann = await signIn(server, 'ann', 'bob');
    const cid = await signIn(server, 'cid');
    await cid.close();
    await signIn(server, 'bob');
    await ann.expectFrame(EVENT);
    expect(toldTo(ann)).toEqual(['online bob']);
  });

  it('hears on each of its connections what that one watches', async () => {
    const server = await sharedServer(SWIFT);
    const tab1 = await signIn(server, 'ann', 'bob');
    const tab2 = await signIn(server, 'ann', 'cid');
    const tab3 = await signIn(server, 'ann', 'bob', 'cid');
    await signIn(server, 'bob');
    await signIn(server, 'cid');
    await eventually(() => expect(toldTo(tab3)).toEqual(['online bob', 'online cid']));
    await tab1.roundTrip();
    await tab2.roundTrip();
    expect(toldTo(tab1)).toEqual(['online bob']);
    expect(toldTo(tab2)).toEqual(['online cid']);
  });

  it('goes on hearing when another watcher of the same user is gone', async () => {
    const server = await sharedServer(SWIFT);
    const ann = await signIn(server, 'ann', 'bob');
    const cid = await signIn(server, 'cid', 'bob');
    await cid.close();
    await signIn(server, 'bob');
    await ann.expectFrame(EVENT);
  });

  it('hears nothing of the users of another application', async () => {
    const apps = ['one', 'two'].map((app_id) => ({ app_id, key: `${app_id}-key`, secret: app_id }));
    const both = await startServer({ ...SWIFT, REVERB_APPS: JSON.stringify(apps) });
    const [one, two] = apps.map(({ app_id, ...rest }) => ({ ...both, ...rest, appId: app_id }));
    const ann = await signIn(one!, 'ann', 'bob');
    await signIn(two!, 'bob');
    const bob = await signIn(one!, 'bob');
    await ann.expectFrame(EVENT);
    await bob.roundTrip();
    expect(toldTo(ann)).toEqual(['online bob']);
  });

  it('hears of users with the names of what objects have', async () => {
    const server = await sharedServer(SWIFT);
    const ann = await signIn(server, 'ann', '__proto__', 'constructor');
    await signIn(server, 'constructor');
    await signIn(server, '__proto__');
    await eventually(() => expect(toldTo(ann)).toEqual(['online constructor', 'online __proto__']));
  });

  it('hears each user come and go by turns, however wildly they do', async () => {
    const server = await sharedServer(SWIFT);
    const users = ['bob', 'cid'];
    const ann = await signIn(server, 'ann', ...users);
    const random = new Random(3);
    const open: { id: string; client: PusherClient }[] = [];
    for (let i = 0; i < 150; i++) {
      if (random.below(2) === 0 && open.length > 0) {
        const [gone] = open.splice(random.below(open.length), 1);
        await (random.below(2) === 0 ? gone!.client.close() : gone!.client.terminate());
      } else if (open.length < 6) {
        const id = random.of(users);
        open.push({ id, client: await signIn(server, id) });
      }
    }
    for (const { client } of open) await client.close();
    for (const id of users) {
      const ofUser = () => toldTo(ann).filter((told) => told.endsWith(id));
      await eventually(() => expect(ofUser().at(-1)).toBe(`offline ${id}`));
      for (const [i, told] of ofUser().entries()) {
        expect(told).toBe(i % 2 === 0 ? `online ${id}` : `offline ${id}`);
      }
    }
  });
});

describe('The grace of a user who is gone', () => {
  it('passes before watchers hear of it', async () => {
    const server = await sharedServer(GRACEFUL);
    const ann = await signIn(server, 'ann', 'bob');
    const bob = await signIn(server, 'bob');
    await ann.expectFrame(EVENT);
    await bob.close();
    const closedAtMs = performance.now();
    const { json, atMs } = await ann.expectFrame(EVENT);
    expect(json.events).toEqual([{ name: 'offline', user_ids: ['bob'] }]);
    expect(atMs - closedAtMs).toBeGreaterThan(900);
  });

  it('is enough to come back unnoticed', async () => {
    const server = await sharedServer(GRACEFUL);
    const ann = await signIn(server, 'ann', 'bob', 'cid');
    const first = await signIn(server, 'bob');
    await first.close();
    await signIn(server, 'bob');
    const witness = await signIn(server, 'cid');
    await witness.close();
    await eventually(() => expect(toldTo(ann)).toContain('offline cid'));
    expect(toldTo(ann).filter((told) => told.endsWith('bob'))).toEqual(['online bob']);
  });

  it('counts as online for who asks meanwhile, and its end is told to them too', async () => {
    const server = await sharedServer(GRACEFUL);
    const bob = await signIn(server, 'bob');
    await bob.close();
    const ann = await PusherClient.connect(server);
    await ann.signin({ id: 'ann', watchlist: ['bob'] }, server);
    await eventually(() => expect(toldTo(ann)).toEqual(['online bob', 'offline bob']));
  });
});

describe('A watchlist', () => {
  it('may name 100 users', async () => {
    const server = await sharedServer();
    const ann = await signIn(server, 'ann', ...idsUpTo(100));
    await signIn(server, 'user-99');
    await ann.expectFrame(EVENT);
    expect(ann.framesLike('pusher:error')).toEqual([]);
  });

  it('that names more is told 4302, and the first 100 are used', async () => {
    const server = await sharedServer(SWIFT);
    await signIn(server, 'user-0');
    await signIn(server, 'user-100');
    const ann = await signIn(server, 'ann', ...idsUpTo(130));
    const { json } = await ann.expectError(4302);
    expect(json).toEqual({ code: 4302, message: expect.any(String) });
    await signIn(server, 'user-129');
    await signIn(server, 'user-99');
    await eventually(() => expect(toldTo(ann)).toEqual(['online user-0', 'online user-99']));
    expect(ann.isOpen).toBe(true);
    await ann.close();
  });
});
