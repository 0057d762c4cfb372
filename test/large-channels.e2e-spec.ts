import { gatherCrowd, Onlooker } from './harness/crowd.js';
import { eventually } from './harness/eventually.js';
import { closeAll } from './harness/pusher-client.js';
import { publish } from './harness/publish.js';
import { Random } from './harness/random.js';
import { signedRequest } from './harness/signed-request.js';
import { startServer } from './harness/test-server.js';
import type { TestServer } from './harness/test-server.js';

/** More than the server serves in one turn of its loop. */
const SIZE = 2200;
const CHANNEL = 'news';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const texts = (count: number) => numbers(count).map(String);

async function subscriptionCount(server: TestServer): Promise<number> {
  const query = { info: 'subscription_count' };
  const { json } = await signedRequest(server, 'GET', `channels/${CHANNEL}`, { query });
  return json.subscription_count;
}

/** The numbers follow each other without a gap. */
function expectNoGap({ received }: Onlooker) {
  const first = Number(received[0] ?? 0);
  expect(received).toEqual(received.map((_, i) => String(first + i)));
}

describe.each(['true', 'false'])('A channel of thousands, with direct writes %s,', (mode) => {
  let server: TestServer;
  /** {@link SIZE} of them, and some more perhaps, who have received nothing yet. */
  let crowd: Onlooker[];

  beforeAll(async () => {
    server = await startServer({ REVERB_DIRECT_WRITES: mode });
    crowd = await gatherCrowd(server, CHANNEL, SIZE);
  });

  afterEach(() => {
    for (const onlooker of crowd) onlooker.received.length = 0;
  });

  afterAll(closeAll);

  it('brings everything to everybody but the excluded, in one order', async () => {
    const excluded = [0, 1, 1999, 2000, 2001, crowd.length - 1].map((i) => crowd[i]!);
    for (const [i, { socketId: socket_id }] of excluded.entries()) {
      await publish(server, CHANNEL, 'count', String(i), { socket_id });
    }
    const inFlight = numbers(20).map((i) => `in flight ${i}`);
    await Promise.all(inFlight.map((data) => publish(server, CHANNEL, 'count', data)));
    await publish(server, CHANNEL, 'count', 'last');

    const [, , witness] = crowd;
    await witness!.expectEvents(27);
    const order = witness!.received.slice(6, 26);
    expect([...order].sort()).toEqual(inFlight.sort());
    for (const onlooker of crowd) {
      const own = excluded.indexOf(onlooker);
      const first = texts(6).filter((data) => data !== String(own));
      await onlooker.expectEvents(first.length + 21);
      expect(onlooker.received).toEqual([...first, ...order, 'last']);
    }
    expect(await subscriptionCount(server)).toBe(crowd.length);
  });

  it('loses nothing while others come and go', async () => {
    const random = new Random(7);
    const leavers = new Set(numbers(300).map(() => random.of(crowd)));
    const leaving = [...leavers];
    const joining: Promise<Onlooker>[] = [];
    for (const data of texts(30)) {
      const published = publish(server, CHANNEL, 'count', data);
      for (const onlooker of leaving.splice(0, 10)) onlooker.leave();
      for (let i = 0; i < 10; i++) joining.push(Onlooker.join(server, CHANNEL));
      await published;
    }
    const joined = await Promise.all(joining);
    await publish(server, CHANNEL, 'count', '30');
    for (const onlooker of crowd) {
      if (leavers.has(onlooker)) continue;
      await onlooker.expectEvents(31);
      expect(onlooker.received).toEqual(texts(31));
    }
    for (const onlooker of joined) {
      await eventually(() => expect(onlooker.received.at(-1)).toBe('30'));
      expectNoGap(onlooker);
    }
    for (const onlooker of leavers) {
      expectNoGap(onlooker);
      if (onlooker.received.length > 0) expect(onlooker.received[0]).toBe('0');
    }
    crowd = [...crowd.filter((onlooker) => !leavers.has(onlooker)), ...joined];
    expect(await subscriptionCount(server)).toBe(crowd.length);
  });
});
