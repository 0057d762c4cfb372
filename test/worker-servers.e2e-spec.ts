import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { MetricsHandler } from '../src/index.js';
import { WorkerLink } from '../src/scaling/workers/worker-link.js';
import { BusHub } from './harness/bus-nodes.js';
import { changesSeenBy, toldTo } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { startHost } from './harness/host-application.js';
import { occupiedChannels, publish, usersIn } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { signedRequest } from './harness/signed-request.js';

type Server = Awaited<ReturnType<typeof startHost>>;

const ROOM = 'presence-room';

let hub: BusHub;
let servers: Server[];
let one: Server;
let two: Server;
let three: Server;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(async () => {
  hub = await BusHub.start();
  const revurb = { scaling: { workerBus: hub.address }, server: { graceSeconds: 0.3 } };
  servers = [];
  for (let i = 0; i < 3; i++) servers.push(await startHost('Fastify', { revurb }));
  [one, two, three] = servers as [Server, Server, Server];
});
afterEach(() => closeAll());

async function member(server: Server, user_id: string): Promise<PusherClient> {
  const client = await PusherClient.connect(server);
  await client.subscribePresence(ROOM, { user_id }, server);
  return client;
}

async function signedIn(server: Server, id: string, ...watchlist: string[]): Promise<PusherClient> {
  const client = await PusherClient.connect(server);
  await client.signin({ id, watchlist }, server);
  return client;
}

async function ask(server: Server, path: string, query: Record<string, string> = {}) {
  const { status, json, headers } = await signedRequest(server, 'GET', path, { query });
  expect([status, headers['x-revurb-partial']]).toEqual([200, undefined]);
  return json;
}

/** As if the process had been killed, as far as the others see. */
const crash = (server: Server) => server.app.get(WorkerLink)['socket']!.destroy();

describe('Servers in several processes, one of them', () => {
  it('publishes to the subscribers of all, in one order, but not to the one excepted', async () => {
    const clients = await Promise.all(servers.map((server) => PusherClient.connect(server)));
    for (const client of clients) await client.subscribe('news');
    const socket_id = clients[1]!.socketId;
    await publish(one, 'news', 'first', '1', { socket_id });
    await Promise.all(servers.map((server, i) => publish(server, 'news', 'more', String(i))));
    for (const client of clients) await client.expectFrame('more');
    await eventually(() => {
      for (const client of clients) expect(client.framesLike('more')).toHaveLength(3);
    });
    const orders = clients.map((client) => client.framesLike('more').map(({ json }) => json));
    expect(orders[1]).toEqual(orders[0]);
    expect(orders[2]).toEqual(orders[0]);
    expect(clients.map((client) => client.framesLike('first').length)).toEqual([1, 0, 1]);
  });

  it('knows who is there on all of them, and tells who comes and goes once', async () => {
    const watcher = await member(one, 'watcher');
    const first = await member(two, 'guest');
    const second = await member(three, 'guest');
    await eventually(() => expect(changesSeenBy(watcher, ROOM)).toEqual(['added guest']));
    for (const server of servers) expect(await usersIn(server, ROOM)).toEqual(['guest', 'watcher']);
    await first.close();
    await second.roundTrip();
    await second.close();
    await eventually(() => {
      expect(changesSeenBy(watcher, ROOM)).toEqual(['added guest', 'removed guest']);
    });
    for (const server of servers) expect(await usersIn(server, ROOM)).toEqual(['watcher']);
  });

  it('counts what all have', async () => {
    for (const server of servers) {
      const client = await PusherClient.connect(server);
      await client.subscribe('news');
      await member(server, 'same');
    }
    const info = 'user_count,subscription_count';
    for (const server of servers) {
      expect(await occupiedChannels(server)).toEqual(['news', ROOM]);
      await eventually(async () => {
        expect((await ask(server, 'connections')).connections).toBe(6);
        const channel = await ask(server, `channels/${ROOM}`, { info });
        expect(channel).toMatchObject({ user_count: 1, subscription_count: 3 });
      });
      const { nodes, isPartial } = await server.app.get(MetricsHandler, { strict: false }).nodes();
      expect([isPartial, nodes.map(({ connections }) => connections)]).toEqual([false, [2, 2, 2]]);
    }
  });

  it('ends the connections of a user on all, and tells who watches', async () => {
    const watcher = await signedIn(one, 'watcher', 'guest');
    const guests = await Promise.all(servers.map((server) => signedIn(server, 'guest')));
    await eventually(() => expect(toldTo(watcher)).toEqual(['online guest']));
    await signedRequest(two, 'POST', 'users/guest/terminate_connections');
    for (const guest of guests) await guest.expectClose(4009);
    const withinMs = 6000;
    await eventually(() => expect(toldTo(watcher)).toEqual(['online guest', 'offline guest']), {
      withinMs,
    });
  });

  it('dies, and the others tell at once that its members are gone, each once', async () => {
    const watchers = [await member(two, 'watcher 2'), await member(three, 'watcher 3')];
    const ids = ['guest 1', 'guest 2', 'guest 3'];
    for (const id of ids) await member(one, id);
    const added = ids.map((id) => `added ${id}`);
    for (const watcher of watchers) {
      await eventually(() => {
        expect(changesSeenBy(watcher, ROOM)).toEqual(expect.arrayContaining(added));
      });
    }
    crash(one);
    const expected = ids.map((id) => `removed ${id}`);
    const removals = (watcher: PusherClient) =>
      changesSeenBy(watcher, ROOM).filter((change) => change.startsWith('removed'));
    for (const watcher of watchers) {
      await eventually(() => expect(removals(watcher).sort()).toEqual(expected), {
        withinMs: 1000,
      });
    }
    await sleep(100);
    for (const watcher of watchers) expect(removals(watcher)).toHaveLength(3);
    expect(await usersIn(three, ROOM)).toEqual(['watcher 2', 'watcher 3']);
  });

  it('stops, and who comes back on another was never away', async () => {
    const watcher = await member(two, 'watcher');
    await member(one, 'guest');
    await watcher.expectFrame('pusher_internal:member_added');
    await one.close();
    await member(three, 'guest');
    await watcher.expectNoFrame(({ event }) => event.includes('member_'), 400);
    for (const server of [two, three]) {
      expect(await usersIn(server, ROOM)).toEqual(['guest', 'watcher']);
    }
  });
});
