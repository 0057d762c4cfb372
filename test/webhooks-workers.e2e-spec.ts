import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { createApplication } from '../src/index.js';
import { BusHub } from './harness/bus-nodes.js';
import { member, subscriber } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { startHost } from './harness/host-application.js';
import type { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { askNext, signal, startWorkers, untilEnded, workersOf } from './harness/server-workers.js';
import { signedRequest, type ApiTarget } from './harness/signed-request.js';
import { TEST_APPLICATION } from './harness/test-application.js';
import {
  answer,
  signatureOf,
  webhookVariables,
  WebhookReceiver,
} from './harness/webhook-receiver.js';

jest.setTimeout(40_000);

const COUNT = 2;
const PATIENCE = { withinMs: 20_000 };
const AWAY_MS = 2_000;
const ROOM = 'presence-room';
/** Endpoints enough for every worker to have some. */
const PATHS = Array.from({ length: 10 }, (_, i) => `/places-${i}`);
/** Nothing is given up, and no grace ends, in a test. */
const PATIENT = { REVERB_WEBHOOK_TIMEOUT: '60', REVERB_WEBHOOK_GRACE: '60' };

const occupied = (channel: string) => ({ name: 'channel_occupied', channel });
const vacated = (channel: string) => ({ name: 'channel_vacated', channel });
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
const placesTo = (receiver: WebhookReceiver, prefix: string) =>
  PATHS.map((path) => ({
    url: receiver.url(path),
    event_types: ['channel_occupied', 'channel_vacated'],
    filter: { channel_name_starts_with: prefix },
  }));

/** Clients of different workers, which are served in turn. */
const oneOnEach = async (server: ServerProcess) =>
  (await Promise.all([subscriber(server), subscriber(server)])) as [PusherClient, PusherClient];

/** Every delivery that was taken carries the signature of its body. */
function expectSigned(receiver: WebhookReceiver): void {
  for (const { body, headers } of receiver.taken()) {
    expect(headers['x-pusher-signature']).toBe(signatureOf(body, TEST_APPLICATION.secret));
  }
}

/** Each endpoint has one delivery that it does not answer. */
const untilAllHang = (receiver: WebhookReceiver) =>
  eventually(() => {
    const paths = new Set(receiver.deliveries.map(({ path }) => path));
    expect(PATHS.filter((path) => !paths.has(path))).toEqual([]);
  }, PATIENCE);

/** Ends what hangs, and takes everything from now on. */
async function takeAll(receiver: WebhookReceiver): Promise<void> {
  receiver.behave(answer(200));
  await receiver.die();
  await receiver.rise();
}

describe('A server with several workers', () => {
  let receiver: WebhookReceiver;
  let server: ServerProcess;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    const endpoints = [
      { url: receiver.url('/client'), event_types: ['client_event'] },
      {
        url: receiver.url('/room'),
        event_types: ['member_added', 'member_removed', 'channel_occupied', 'channel_vacated'],
        filter: { channel_name_starts_with: ROOM },
      },
      ...placesTo(receiver, 'own'),
    ];
    server = await startWorkers(COUNT, { variables: webhookVariables(endpoints, PATIENT) });
  });
  afterAll(closeAll);

  it('tells an endpoint that was killed and is back every event, in order for each channel, once, validly signed', async () => {
    const channels = names('presence-chat', 2 * COUNT);
    const clients = await Promise.all(channels.map((name) => member(server, name, 'somebody')));
    const path = '/client';
    let sent = 0;
    const send = async (count: number) => {
      for (const end = sent + count; sent < end; sent++) {
        for (const [at, client] of clients.entries()) {
          client.send({ event: 'client-n', channel: channels[at]!, data: String(sent) });
        }
        // Below the limit of ten a second.
        await sleep(120);
      }
    };
    await send(3);
    await eventually(() => expect(receiver.events(path)).toHaveLength(sent * clients.length));
    await receiver.die();
    await Promise.all([send(10), sleep(AWAY_MS)]);
    await receiver.rise();
    await send(3);
    const expected = Array.from({ length: sent }, (_, i) => String(i));
    await eventually(() => {
      for (const name of channels) {
        const events = receiver.events(path).filter(({ channel }) => channel === name);
        expect(events.map(({ data }) => data)).toEqual(expected);
      }
    }, PATIENCE);
    expect(receiver.events(path)).toHaveLength(sent * clients.length);
    expectSigned(receiver);
  });

  it('loses none of the webhooks that wait when a worker is killed, and says who is gone with it', async () => {
    receiver.behave(() => undefined);
    const clients = await oneOnEach(server);
    const own = clients.map((_, i) => names(`own-${i}`, 15));
    // What a worker is asked now, the hub hears behind what happened before.
    const untilHubKnows = async () => {
      for (let i = 0; i < 2 * COUNT; i++) await askNext(server, 'GET', 'channels');
    };
    for (const [i, client] of clients.entries()) {
      for (const channel of own[i]!) await client.subscribe(channel);
      await client.subscribe('own-shared');
      await untilHubKnows();
    }
    await untilAllHang(receiver);
    const [doomed] = workersOf(server);
    signal(doomed!.pid, 'SIGKILL');
    await untilEnded([doomed!.pid]);
    await takeAll(receiver);
    const gone = await eventually(() => {
      const at = clients.findIndex(({ isOpen }) => !isOpen);
      expect(at).toBeGreaterThanOrEqual(0);
      return at;
    });
    const beginning = [...own[0]!, 'own-shared', ...own[1]!].map(occupied);
    const expected = [...beginning, ...own[gone]!.map(vacated)];
    for (const path of PATHS) await receiver.expectEvents(expected, { path, ...PATIENCE });
    expectSigned(receiver);
    await eventually(() => expect(workersOf(server)).toHaveLength(COUNT), PATIENCE);
  });

  it('tells when it stops that everybody is gone, once, and loses nothing', async () => {
    const path = '/room';
    const users = names('user', 4);
    const clients = await Promise.all(users.map((id) => member(server, ROOM, id)));
    const begun = 1 + users.length;
    await eventually(() => expect(receiver.events(path)).toHaveLength(begun), PATIENCE);
    await clients[0]!.close();
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(0);
    const end = receiver.events(path).slice(begun);
    const removed = end.filter(({ name }) => name === 'member_removed');
    expect(removed.map(({ user_id }) => user_id).sort()).toEqual(users);
    expect(end.filter(({ name }) => name === 'channel_vacated')).toEqual([vacated(ROOM)]);
    expect(end).toHaveLength(begun);
    expect(server.stdout + server.stderr).not.toMatch(/are lost/);
  });
});

describe('Several workers with Redis', () => {
  afterEach(closeAll);

  it('have their queue there: what killed ones had to deliver is delivered by the next', async () => {
    const [redis, receiver] = await Promise.all([RedisServer.start(), WebhookReceiver.start()]);
    const scaling = {
      REVERB_SCALING_ENABLED: 'true',
      REVERB_SCALING_HEARTBEAT: '1',
      REVERB_SCALING_LEASE: '3',
      ...redis.variables,
    };
    const endpoints = placesTo(receiver, 'own').map((each) => ({
      ...each,
      event_types: ['channel_occupied'],
    }));
    const server = await startWorkers(COUNT, {
      variables: webhookVariables(endpoints, { ...scaling, ...PATIENT }),
    });
    receiver.behave(() => undefined);
    const commands = await redis.monitor();
    const [one, two] = await oneOnEach(server);
    const [first, second] = [names('own-one', 10), names('own-two', 10)];
    for (const channel of first) await one.subscribe(channel);
    for (const channel of second) await two.subscribe(channel);
    await commands.expectLine(/channel_occupied.*own-two-9/);
    await untilAllHang(receiver);
    for (const { pid } of workersOf(server)) signal(pid, 'SIGKILL');
    receiver.behave(answer(200));
    const expected = [...first, ...second].map(occupied);
    for (const path of PATHS) await receiver.expectEvents(expected, { path, ...PATIENCE });
    expectSigned(receiver);
  });
});

describe('Dead letters of several workers', () => {
  afterEach(closeAll);

  it('are listed and sent again over any of them', async () => {
    const [hub, receiver] = await Promise.all([BusHub.start(), WebhookReceiver.start()]);
    const { appId: id, key, secret } = TEST_APPLICATION;
    const webhooks = [
      {
        url: receiver.url(),
        eventTypes: ['channel_occupied' as const],
        channelNameStartsWith: '',
        channelNameEndsWith: '',
        headers: {},
      },
    ];
    const revurb = {
      applications: [createApplication({ id, keys: [{ key, secret }], webhooks })],
      scaling: { workerBus: hub.address },
      webhooks: { retryWindowSeconds: 0 },
    };
    const [one, two] = [
      await startHost('Fastify', { revurb }),
      await startHost('Fastify', { revurb }),
    ];
    receiver.behave(answer(500));
    await subscriber(one, 'a');
    await eventually(async () => expect(await failedOn(two)).toHaveLength(1), PATIENCE);
    await subscriber(two, 'b');
    await eventually(async () => expect(await failedOn(one)).toHaveLength(2), PATIENCE);
    expect(await failedOn(one)).toEqual(await failedOn(two));
    const list = await revurbOver(two, 'webhooks:failed');
    expect(list.match(/channel_occupied \w/g)).toEqual([
      'channel_occupied a',
      'channel_occupied b',
    ]);
    receiver.behave(answer(200));
    const [first] = await failedOn(two);
    expect(await revurbOver(two, 'webhooks:retry', first!.id)).toMatch(/^1 of 1 are/);
    await receiver.expectEvents([occupied('a')], PATIENCE);
    const body = { ids: (await failedOn(one)).map((letter) => letter.id) };
    await signedRequest(one, 'POST', 'webhooks/retry', { body });
    await receiver.expectEvents([occupied('a'), occupied('b')], PATIENCE);
    expect(await failedOn(two)).toEqual([]);
  });
});

/** The dead letters, as the API of a worker lists them. */
async function failedOn(server: ApiTarget): Promise<{ id: string }[]> {
  const { json } = await signedRequest(server, 'GET', 'webhooks/failed');
  return json.failed;
}

/** Runs a command of `revurb` and resolves with what it prints. */
function revurbOver(server: ApiTarget, ...args: readonly string[]): Promise<string> {
  const { httpUrl, appId, key, secret } = server;
  const target = ['--url', httpUrl, '--app-id', appId, '--key', key, '--secret', secret];
  const all = [resolve('dist/cli/main.js'), ...args, ...target];
  return new Promise((done) => {
    execFile(process.execPath, all, (_, stdout, stderr) => done(stdout + stderr));
  });
}
