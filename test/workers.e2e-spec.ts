import { jest } from '@jest/globals';
import {
  changesSeenBy,
  heard,
  member,
  NUMBER,
  numbersFrom,
  signedIn,
  subscriber,
  toldTo,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { PusherClient } from './harness/pusher-client.js';
import type { ServerProcess } from './harness/server-process.js';
import { askNext, startWorkers, untilAllAnswer } from './harness/server-workers.js';

jest.setTimeout(40_000);

const COUNT = 3;
const COUNTED = { appId: 'counted-id', key: 'counted-key', secret: 'counted-secret' };
const APPLICATIONS = [
  { app_id: 'app-id', key: 'app-key', secret: 'app-secret' },
  { app_id: COUNTED.appId, key: COUNTED.key, secret: COUNTED.secret, max_connections: 7 },
];

let server: ServerProcess;

beforeAll(async () => {
  server = await startWorkers(COUNT, {
    variables: {
      REVERB_APPS: JSON.stringify(APPLICATIONS),
      REVERB_WEBHOOK_GRACE: '1',
      REVERB_APP_ID: undefined,
      REVERB_APP_KEY: undefined,
      REVERB_APP_SECRET: undefined,
    },
  });
});
afterAll(closeAll);

/** Makes clients one after the other, so that they go to one worker after the other. */
async function oneEach<T>(make: (i: number) => Promise<T>, count = COUNT): Promise<T[]> {
  const made: T[] = [];
  for (let i = 0; i < count; i++) made.push(await make(i));
  return made;
}

/** Publishes through the worker whose turn it is. */
async function publish(channel: string, data: string, fields: object = {}): Promise<void> {
  const body = { name: NUMBER, channel, data, ...fields };
  const answer = await askNext(server, 'POST', 'events', { body });
  expect(answer).toMatchObject({ status: 200 });
}

describe('Behind one port, several workers', () => {
  it('deliver an event of any of them to the clients of all, in one order', async () => {
    const clients = await oneEach(() => subscriber(server, 'order'), 2 * COUNT);
    await Promise.all(numbersFrom(0, 60).map((number) => publish('order', String(number))));
    for (const client of clients) {
      await eventually(() => expect(heard(client, 'order')).toHaveLength(60));
    }
    const order = heard(clients[0]!, 'order');
    expect([...order].sort((a, b) => a - b)).toEqual(numbersFrom(0, 60));
    for (const client of clients) expect(heard(client, 'order')).toEqual(order);
  });

  it('leave out the connection that a publish excludes, wherever it is', async () => {
    const clients = await oneEach(() => subscriber(server, 'except'));
    for (const excluded of clients) {
      for (let i = 0; i < COUNT; i++) {
        await publish('except', '0', { socket_id: excluded.socketId });
      }
    }
    await publish('except', '1');
    const expected = [...Array.from({ length: (COUNT - 1) * COUNT }, () => 0), 1];
    for (const client of clients) {
      await untilHeard(client, 'except', expected);
      await client.roundTrip();
      expect(heard(client, 'except')).toEqual(expected);
    }
  });

  it('pass client events on, but not to who sent them', async () => {
    const clients = await oneEach(() => PusherClient.connect(server));
    for (const client of clients) await client.subscribePrivate('private-talk', server);
    for (const client of clients) {
      client.trigger('client-said', 'private-talk', client.socketId);
      const others = clients.filter((other) => other !== client);
      for (const other of others) {
        expect((await other.expectFrame('client-said')).data).toContain(client.socketId);
      }
    }
    for (const client of clients) {
      await client.roundTrip();
      expect(client.framesLike('client-said')).toHaveLength(COUNT - 1);
    }
  });

  it('know a member once, and tell once of its coming and going', async () => {
    const room = 'presence-room';
    const watchers = await oneEach((i) => member(server, room, `watcher-${i}`));
    const tabs = await oneEach(() => member(server, room, 'ann', { name: 'Ann' }));
    await untilAllAnswer(
      server,
      `channels/${room}`,
      { occupied: true, user_count: COUNT + 1 },
      {
        query: { info: 'user_count' },
      },
    );
    for (const tab of tabs) {
      expect(rosterSeenBy(tab, room)).toEqual(['ann', 'watcher-0', 'watcher-1', 'watcher-2']);
      await tab.close();
    }
    for (const watcher of watchers) {
      const ofAnn = () => changesSeenBy(watcher, room).filter((change) => change.includes('ann'));
      await eventually(() => expect(ofAnn()).toEqual(['added ann', 'removed ann']));
    }
  });

  it('answer for all of them, whichever is asked', async () => {
    const { pid, url, httpUrl } = server;
    const counted = { pid, url, httpUrl, ...COUNTED };
    const clients = await oneEach((i) => member(counted, 'presence-count', `user-${i % 2}`));
    await oneEach((i) => subscriber(counted, `plain-${i}`));
    await untilAllAnswer(counted, 'connections', { connections: 2 * COUNT });
    const query = { filter_by_prefix: 'presence-', info: 'user_count,subscription_count' };
    const channels = { 'presence-count': { user_count: 2, subscription_count: COUNT } };
    await untilAllAnswer(counted, 'channels', { channels }, { query });
    const users = { users: [{ id: 'user-0' }, { id: 'user-1' }] };
    await untilAllAnswer(counted, 'channels/presence-count/users', users);
    await PusherClient.connect(counted);
    const refusals = await oneEach(() => PusherClient.refused(counted));
    expect(refusals.map(({ closeCode }) => closeCode)).toEqual([4004, 4004, 4004]);
    await clients[0]!.close();
    await untilAllAnswer(counted, 'connections', { connections: 2 * COUNT });
  });

  it('close all connections of a user that any of them terminates', async () => {
    const doomed = await oneEach(() => signedIn(server, 'doomed'));
    const [watcher] = await oneEach(() => signedIn(server, 'watcher', 'doomed'));
    const path = 'users/doomed/terminate_connections';
    expect(await askNext(server, 'POST', path)).toMatchObject({ status: 200 });
    for (const client of doomed) await client.expectClose(4009);
    await eventually(() => expect(toldTo(watcher!)).toContain('offline doomed'));
  });

  it('do a publish with an idempotency key once, whichever gets it', async () => {
    const client = await subscriber(server, 'once');
    const body = { name: NUMBER, channel: 'once', data: '1', info: 'subscription_count' };
    const headers = { 'X-Idempotency-Key': 'a-key' };
    const answers = await Promise.all(
      numbersFrom(0, 2 * COUNT).map(() => askNext(server, 'POST', 'events', { body, headers })),
    );
    const answer = { status: 200, json: { channels: { once: { subscription_count: 1 } } } };
    for (const each of answers) expect(each).toMatchObject(answer);
    await publish('once', '2');
    await untilHeard(client, 'once', [1, 2]);
  });

  it('remember the last event of a cache channel together', async () => {
    await publish('cache-news', '7');
    const clients = await oneEach(() => subscriber(server, 'cache-news'));
    expect(clients).toHaveLength(COUNT);
    for (const client of clients) await untilHeard(client, 'cache-news', [7]);
  });
});
