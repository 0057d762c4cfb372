import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { member, signedIn, subscriber } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { LEASE_SECONDS, NodeCluster } from './harness/node-cluster.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { signedRequest, type ApiTarget } from './harness/signed-request.js';
import { startServer, type TestServer } from './harness/test-server.js';
import {
  answer,
  signatureOf,
  webhookVariables,
  WebhookReceiver,
} from './harness/webhook-receiver.js';

afterEach(closeAll);

const PATIENCE = { withinMs: 15_000 };
/** Longer than any test. */
const TIMEOUT = { REVERB_WEBHOOK_TIMEOUT: '60' };
const ROOM = 'presence-room';
const occupied = (channel: string) => ({ name: 'channel_occupied', channel });
const vacated = (channel: string) => ({ name: 'channel_vacated', channel });
const added = (user_id: string) => ({ name: 'member_added', channel: ROOM, user_id });
const removed = (user_id: string) => ({ name: 'member_removed', channel: ROOM, user_id });
const online = (user_id: string) => ({ name: 'user_online', user_id });
const offline = (user_id: string) => ({ name: 'user_offline', user_id });

/** What nodes share, and how one more is started: in this process, which is faster, or in one of its own. */
async function share(variables: Record<string, string> = {}, endpoint: object = {}) {
  const [redis, receiver] = await Promise.all([RedisServer.start(), WebhookReceiver.start()]);
  const shared = webhookVariables([{ url: receiver.url(), ...endpoint }], variables);
  const start = () =>
    startServer({
      REVERB_SCALING_ENABLED: 'true',
      REVERB_SCALING_HEARTBEAT: '1',
      REVERB_SCALING_LEASE: String(LEASE_SECONDS),
      ...redis.variables,
      ...shared,
    });
  const startProcess = async () => (await NodeCluster.start(1, redis, shared)).nodes[0]!;
  return { redis, receiver, start, startProcess };
}

/** Two nodes in this process. */
async function startTwo(variables: Record<string, string> = {}, endpoint: object = {}) {
  const { receiver, start } = await share(variables, endpoint);
  const [one, two] = await Promise.all([start(), start()]);
  return { receiver, one, two };
}

/** Ends a node without giving it a chance to say so. */
async function kill(node: ServerProcess): Promise<void> {
  node.kill('SIGKILL');
  await node.ended();
}

/** Whatever the order of different channels and users. */
const sorted = (events: readonly object[]) => events.map((event) => JSON.stringify(event)).sort();

/** Resolves once these have come, in whatever order, and nothing else. */
const expectInAnyOrder = (receiver: WebhookReceiver, expected: readonly object[]) =>
  eventually(() => expect(sorted(receiver.events())).toEqual(sorted(expected)), PATIENCE);

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

/** `data` of the events of a channel, in the order they came. */
const dataIn = (receiver: WebhookReceiver, channel: string) =>
  receiver.events().flatMap((event) => (event.channel === channel ? [event.data] : []));

/** Runs `revurb` and resolves with what it prints. */
function revurb(args: readonly string[], node: ApiTarget): Promise<string> {
  const target = ['--url', node.httpUrl, '--app-id', node.appId, '--key', node.key];
  const all = [resolve('dist/cli/main.js'), ...args, ...target, '--secret', node.secret];
  return new Promise((done) => {
    execFile(process.execPath, all, (_, stdout, stderr) => done(stdout + stderr));
  });
}

describe('Over two nodes', () => {
  it('everything is told once, and what comes back on the other node was never away', async () => {
    const { receiver, one, two } = await startTwo();
    const first = await Promise.all([
      subscriber(one, 'a'),
      subscriber(two, 'a'),
      member(one, ROOM, 'ann'),
      member(two, ROOM, 'ann'),
      signedIn(one, 'bob'),
      signedIn(two, 'bob'),
    ]);
    const beginning = [occupied('a'), occupied(ROOM), added('ann'), online('bob')];
    await expectInAnyOrder(receiver, beginning);
    await Promise.all(first.map((client) => client.close()));
    const second = await Promise.all([
      subscriber(two, 'a'),
      member(one, ROOM, 'ann'),
      signedIn(two, 'bob'),
      subscriber(one, 'brief'),
    ]);
    await second[3].close();
    // Begun later than the graces of the others, so that those are over when this one is.
    await expectInAnyOrder(receiver, [...beginning, occupied('brief'), vacated('brief')]);
    await Promise.all(second.map((client) => client.close()));
    const end = [vacated('a'), removed('ann'), vacated(ROOM), offline('bob')];
    await expectInAnyOrder(receiver, [...beginning, occupied('brief'), vacated('brief'), ...end]);
  });

  it('a channel many come to and leave at once is told of by turns', async () => {
    const { receiver, one, two } = await startTwo({ REVERB_WEBHOOK_GRACE: '0' });
    const churn = async (node: TestServer): Promise<void> => {
      const client = await PusherClient.connect(node);
      for (let i = 0; i < 15; i++) {
        await client.subscribe('busy');
        client.send({ event: 'pusher:unsubscribe', data: { channel: 'busy' } });
      }
      await client.close();
    };
    await Promise.all([churn(one), churn(two), churn(one), churn(two)]);
    await subscriber(one, 'witness');
    await eventually(() => {
      expect(receiver.events()).toContainEqual(occupied('witness'));
      expect(receiver.events().findLast(({ channel }) => channel === 'busy')).toEqual(
        vacated('busy'),
      );
    }, PATIENCE);
    const names = receiver.events().filter(({ channel }) => channel === 'busy');
    for (const [i, event] of names.entries()) {
      expect(event).toEqual(i % 2 === 0 ? occupied('busy') : vacated('busy'));
    }
  });
});

describe('When a node is killed', () => {
  it('what it had to deliver is delivered, all of it, in order and validly signed', async () => {
    const wanted = { event_types: ['channel_occupied'] };
    const { receiver, start, startProcess } = await share(TIMEOUT, wanted);
    const doomed = await startProcess();
    receiver.behave(() => undefined);
    const channels = Array.from({ length: 40 }, (_, i) => `channel-${i}`);
    const client = await subscriber(doomed, ...channels);
    await eventually(() => expect(receiver.deliveries).toHaveLength(1), PATIENCE);
    const other = await start();
    expect(client.closed).toBeUndefined();
    await kill(doomed);
    receiver.behave(answer(200));
    await receiver.expectEvents(channels.map(occupied), PATIENCE);
    for (const { body, headers } of receiver.taken()) {
      expect(headers['x-pusher-signature']).toBe(signatureOf(body, other.secret));
    }
  });

  it('who was there only is gone at once, and told so once', async () => {
    const { receiver, start, startProcess } = await share({ REVERB_WEBHOOK_GRACE: '60' });
    const [one, two] = await Promise.all([startProcess(), start()]);
    await Promise.all([
      subscriber(one, 'theirs', 'shared'),
      member(one, ROOM, 'ann'),
      member(one, ROOM, 'bob'),
      signedIn(one, 'ann'),
      signedIn(one, 'bob'),
    ]);
    await Promise.all([subscriber(two, 'shared'), member(two, ROOM, 'bob'), signedIn(two, 'bob')]);
    const channels = ['theirs', 'shared', ROOM].map(occupied);
    const people = [added('ann'), added('bob'), online('ann'), online('bob')];
    await expectInAnyOrder(receiver, [...channels, ...people]);
    await kill(one);
    const end = [vacated('theirs'), removed('ann'), offline('ann')];
    await expectInAnyOrder(receiver, [...channels, ...people, ...end]);
  });
});

describe('When an endpoint and then a node are killed', () => {
  it('the endpoint gets every event when it is back, in order for each channel, once, validly signed', async () => {
    const wanted = { event_types: ['client_event'] };
    const { redis, receiver, start, startProcess } = await share({}, wanted);
    const [doomed, other] = await Promise.all([startProcess(), start()]);
    const channels = ['presence-doomed', 'presence-other'];
    const clients = await Promise.all([
      member(doomed, channels[0]!, 'ann'),
      member(other, channels[1]!, 'ann'),
    ]);
    const commands = await redis.monitor();
    const send = async (from: number, to: number, targets = [0, 1]) => {
      for (let number = from; number < to; number++) {
        for (const i of targets) {
          clients[i]!.send({ event: 'client-n', channel: channels[i]!, data: String(number) });
        }
        // Below the limit of ten a second.
        await sleep(120);
      }
    };
    await send(0, 3);
    await eventually(() => expect(receiver.events()).toHaveLength(6), PATIENCE);
    await receiver.die();
    await send(3, 15);
    await commands.expectLine(/client_event.*presence-doomed.*\D14\D/);
    await kill(doomed);
    await send(15, 18, [1]);
    await receiver.rise();
    await eventually(() => {
      expect(dataIn(receiver, channels[0]!)).toEqual(numbers(15));
      expect(dataIn(receiver, channels[1]!)).toEqual(numbers(18));
    }, PATIENCE);
    expect(receiver.events()).toHaveLength(33);
    for (const { body, headers } of receiver.taken()) {
      expect(headers['x-pusher-signature']).toBe(signatureOf(body, other.secret));
    }
  });
});

describe('When a node stops in order', () => {
  it('who comes back on the other one was never away, and who does not is told to be gone', async () => {
    const { receiver, one, two } = await startTwo();
    const client = await subscriber(one, 'left', 'back');
    await member(one, ROOM, 'ann');
    const beginning = [occupied('left'), occupied('back'), occupied(ROOM), added('ann')];
    await expectInAnyOrder(receiver, beginning);
    await one.close();
    await client.expectClose(4200);
    await Promise.all([subscriber(two, 'back'), member(two, ROOM, 'ann')]);
    await expectInAnyOrder(receiver, [...beginning, vacated('left')]);
  });
});

describe('Dead letters', () => {
  it('are listed and sent again from the command line, over any node', async () => {
    const { receiver, one, two } = await startTwo(
      { REVERB_WEBHOOK_RETRY_WINDOW: '0' },
      { event_types: ['channel_occupied'] },
    );
    receiver.behave(answer(500));
    await subscriber(one, 'a');
    await eventually(async () => expect(await failedOn(two)).toHaveLength(1), PATIENCE);
    await subscriber(two, 'b');
    await eventually(async () => expect(await failedOn(one)).toHaveLength(2), PATIENCE);
    await one.close();
    const list = await revurb(['webhooks:failed'], two);
    const form =
      /^(\d+) {2}\S+Z {2}channel_occupied (\w) -> (\S+): It answered 500 \(\d+ attempts\)$/gm;
    const lines = [...list.matchAll(form)].map(([, id, channel, url]) => ({ id, channel, url }));
    const [first, second] = lines;
    expect(lines).toEqual([
      { id: first?.id, channel: 'a', url: receiver.url() },
      { id: second?.id, channel: 'b', url: receiver.url() },
    ]);
    receiver.behave(answer(200));
    expect(await revurb(['webhooks:retry', second!.id!], two)).toBe(
      '1 of 1 are on their way again.\n',
    );
    await receiver.expectEvents([occupied('b')], PATIENCE);
    expect(await revurb(['webhooks:retry', '--all'], two)).toBe('1 are on their way again.\n');
    await receiver.expectEvents([occupied('b'), occupied('a')], PATIENCE);
    expect(await failedOn(two)).toEqual([]);
  });
});

/** The dead letters, as the API of a node lists them. */
async function failedOn(node: ApiTarget): Promise<object[]> {
  const { json } = await signedRequest(node, 'GET', 'webhooks/failed');
  return json.failed;
}
