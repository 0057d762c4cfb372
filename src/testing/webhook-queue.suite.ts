import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Awaitable } from '../scaling/awaitable.js';
import {
  MAX_BATCH_EVENTS,
  MAX_LANE_EVENTS,
  type WebhookBatch,
  type WebhookQueue,
  type WebhookVerdict,
} from '../scaling/webhook-queue.js';
import { expectSoon, quiet, testGlobals, until, type TestGlobals } from './test-globals.js';

/** The queues of the nodes of one cluster, each ready for use: what Nest's lifecycle hooks do was done. None is opened yet. */
export interface WebhookQueueCluster {
  /** One or more, which share what waits in them. */
  readonly queues: readonly WebhookQueue[];
  /** Called after the last test. */
  close?(): Awaitable<void>;
}

/** How a batch is judged. */
type Judge = (batch: WebhookBatch) => Awaitable<WebhookVerdict>;

const LANE = 'endpoint';

/** The verdict on a batch that was delivered. */
const delivered = ({ events }: WebhookBatch): WebhookVerdict => ({
  taken: events.length,
  isFailure: false,
  pauseMs: 0,
});

/** The verdict on one that was not, and is to be tried again soon. */
const failed = ({ events }: WebhookBatch, changes: Partial<WebhookVerdict> = {}) => ({
  taken: 0,
  isFailure: true,
  pauseMs: 20,
  limit: events.length,
  ...changes,
});

/** The verdict on one some of which is given up. */
const dead = ({ events }: WebhookBatch, taken = events.length): WebhookVerdict => ({
  taken,
  deathCause: 'It answered 500',
  isFailure: true,
  pauseMs: 1,
});

/** The queues of the tests, and for each test an application that nobody else uses. */
class QueueSubject {
  app = '';
  private readonly judges = new Map<string, Judge>();
  private readonly seen = new Map<string, WebhookBatch[]>();
  private readonly atWork = new Map<string, number>();
  /** Lanes on which two were at work at the same time. */
  readonly overlaps: string[] = [];
  private cluster: WebhookQueueCluster = { queues: [] };
  private turn = 0;

  use(cluster: WebhookQueueCluster): void {
    this.cluster = cluster;
    const deliver = (batch: WebhookBatch) => this.deliver(batch);
    for (const queue of cluster.queues) queue.open({ batchWindowMs: 0, deliver });
  }

  beginTest(): void {
    this.app = `app-${randomUUID()}`;
  }

  get queues(): readonly WebhookQueue[] {
    return this.cluster.queues;
  }

  /** One of the queues, by turns. */
  any(): WebhookQueue {
    return this.queues[this.turn++ % this.queues.length]!;
  }

  /** Says how batches of a lane are judged from now on. */
  judge(lane: string, judge: Judge): void {
    this.judges.set(this.keyOf(lane), judge);
  }

  append(
    texts: readonly (string | number)[],
    lanes: readonly string[] = [LANE],
    queue = this.any(),
  ) {
    const atMs = Date.now();
    const entries = texts.map((text) => ({ endpointIds: lanes, event: eventOf(text), atMs }));
    queue.append(this.app, entries);
  }

  /** The batches of a lane, as they were handed out. */
  batches(lane: string = LANE): readonly WebhookBatch[] {
    return this.seen.get(this.keyOf(lane)) ?? [];
  }

  /** The texts of the events of those batches. */
  texts(lane: string = LANE): readonly string[] {
    return this.batches(lane).flatMap(({ events }) => events.map(({ event }) => textOf(event)));
  }

  private async deliver(batch: WebhookBatch): Promise<WebhookVerdict> {
    const key = `${batch.appId} ${batch.endpointId}`;
    const workers = (this.atWork.get(key) ?? 0) + 1;
    this.atWork.set(key, workers);
    if (workers > 1) this.overlaps.push(key);
    this.seen.set(key, [...(this.seen.get(key) ?? []), batch]);
    const verdict = await (this.judges.get(key) ?? delivered)(batch);
    this.atWork.set(key, workers - 1);
    return verdict;
  }

  private keyOf(lane: string): string {
    return `${this.app} ${lane}`;
  }
}

const eventOf = (text: string | number) => JSON.stringify({ name: String(text) });
const textOf = (event: string) => (JSON.parse(event) as { name: string }).name;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

/**
 * Describes what every WebhookQueue promises, to be called at the top of a test file. Uses the global
 * `describe`, `it`, `expect` and hooks of the test runner.
 * @param create makes the cluster, once: every test has its own application
 */
export function describeWebhookQueue(
  name: string,
  create: () => Awaitable<WebhookQueueCluster>,
): void {
  const globals = testGlobals();
  const { describe, beforeAll, afterAll, beforeEach } = globals;

  describe(`${name}, a WebhookQueue,`, () => {
    const subject = new QueueSubject();
    let cluster: WebhookQueueCluster | undefined;

    beforeAll(async () => {
      cluster = await create();
      subject.use(cluster);
    });

    afterAll(async () => {
      await cluster?.close?.();
    });

    beforeEach(() => subject.beginTest());

    describeOrder(subject, globals);
    describeFailures(subject, globals);
    describeDeadLetters(subject, globals);
  });
}

function describeOrder(subject: QueueSubject, { it, expect }: TestGlobals): void {
  it('delivers events once, in the order they came, whatever is in them', async () => {
    const texts = ['a', 'b c', '{"}', 'ä 😀 \ud800', '', '0 1 2', 'line\nbreak\u0000'];
    subject.append(texts, [LANE], subject.queues[0]);
    await expectSoon(() => subject.texts(), texts);
    await quiet();
    expect(subject.texts()).toEqual(texts);
    const [first] = subject.batches();
    expect([first!.appId, first!.endpointId, first!.failures]).toEqual([subject.app, LANE, 0]);
    expect(first!.events[0]!.queuedMs).toBe(first!.events[0]!.atMs);
  });

  it('delivers them to every endpoint that wants them', async () => {
    const [queue] = subject.queues;
    subject.append(['both'], ['one', 'other'], queue);
    subject.append(['nobody'], [], queue);
    subject.append(['one only'], ['one'], queue);
    await expectSoon(() => subject.texts('one'), ['both', 'one only']);
    await expectSoon(() => subject.texts('other'), ['both']);
  });

  it('has one at work on a lane at a time, and keeps the order of each node', async () => {
    subject.judge(LANE, async (batch) => {
      await sleep(1);
      return delivered(batch);
    });
    for (let i = 0; i < 50; i++) {
      for (const [node, queue] of subject.queues.entries()) {
        subject.append([`${node} ${i}`], [LANE], queue);
      }
      await sleep(1);
    }
    const count = 50 * subject.queues.length;
    await until(() => subject.texts().length >= count, 'all are delivered');
    await quiet();
    expect(subject.texts().length).toBe(count);
    for (const [node] of subject.queues.entries()) {
      const own = subject.texts().filter((text) => text.startsWith(`${node} `));
      expect(own).toEqual(numbers(50).map((i) => `${node} ${i}`));
    }
    expect(subject.overlaps).toEqual([]);
  });

  it('gathers what comes while a batch is on its way, up to a limit', async () => {
    let go: () => void = () => undefined;
    subject.judge(LANE, async (batch) => {
      if (batch.events.length === 1) await new Promise<void>((resolve) => (go = resolve));
      return delivered(batch);
    });
    const [queue] = subject.queues;
    subject.append(['first'], [LANE], queue);
    await until(() => subject.batches().length === 1, 'the first is on its way');
    const texts = numbers(MAX_BATCH_EVENTS + 50);
    subject.append(texts, [LANE], queue);
    await quiet();
    go();
    await expectSoon(() => subject.texts(), ['first', ...texts]);
    const sizes = subject.batches().map(({ events }) => events.length);
    expect(sizes).toEqual([1, MAX_BATCH_EVENTS, 50]);
  });

  it('one lane does not wait for another', async () => {
    let go: () => void = () => undefined;
    subject.judge('slow', async (batch) => {
      await new Promise<void>((resolve) => (go = resolve));
      return delivered(batch);
    });
    subject.append(['a'], ['slow']);
    await until(() => subject.batches('slow').length === 1, 'the slow one is at work');
    subject.append(['b'], ['slow', 'fast']);
    await expectSoon(() => subject.texts('fast'), ['b']);
    expect(subject.texts('slow')).toEqual(['a']);
    go();
    await until(() => subject.batches('slow').length === 2, 'the slow one goes on');
    go();
    await expectSoon(() => subject.texts('slow'), ['a', 'b']);
  });
}

function describeFailures(subject: QueueSubject, { it, expect }: TestGlobals): void {
  it('hands out a batch that failed again, in its place, and counts the failures', async () => {
    let attempts = 0;
    subject.judge(LANE, (batch) => (++attempts <= 3 ? failed(batch) : delivered(batch)));
    const [queue] = subject.queues;
    subject.append(['a', 'b'], [LANE], queue);
    await until(() => attempts > 0, 'the first attempt is made');
    subject.append(['c'], [LANE], queue);
    const expected = ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'c'];
    await expectSoon(() => subject.texts(), expected);
    expect(subject.batches().map(({ failures }) => failures)).toEqual([0, 1, 2, 3, 0]);
  });

  it('hands out no more than was asked for', async () => {
    subject.judge(LANE, (batch) => {
      if (batch.events.length === 1) return delivered(batch);
      return failed(batch, { limit: 1 });
    });
    subject.append(['a', 'b', 'c'], [LANE], subject.queues[0]);
    await expectSoon(() => subject.texts(), ['a', 'b', 'c', 'a', 'b', 'c', 'b', 'c']);
  });

  it('waits as long as it was told', async () => {
    const atMs: number[] = [];
    subject.judge(LANE, (batch) => {
      atMs.push(performance.now());
      return atMs.length === 1 ? failed(batch, { pauseMs: 300 }) : delivered(batch);
    });
    subject.append(['a']);
    await until(() => atMs.length === 2, 'it is tried again');
    expect(atMs[1]! - atMs[0]!).toBeGreaterThanOrEqual(295);
  });

  it('holds so many events and no more, and counts those that are dropped', async () => {
    subject.judge(LANE, (batch) => failed(batch, { pauseMs: 600_000 }));
    const [queue] = subject.queues;
    const before = queue!.dropped;
    const more = 7;
    const total = MAX_LANE_EVENTS + more;
    for (let start = 0; start < total; start += 1000) {
      subject.append(numbers(Math.min(1000, total - start)), [LANE], queue);
      await sleep(1);
    }
    await expectSoon(() => queue!.dropped - before, more);
    await expectSoon(() => queue!.length(), MAX_LANE_EVENTS);
  });
}

function describeDeadLetters(subject: QueueSubject, { it, expect }: TestGlobals): void {
  const letters = async () => subject.any().deadLetters(subject.app);

  it('keeps what was given up, with the reason, until it is sent again', async () => {
    subject.judge(LANE, (batch) => (batch.failures === 0 ? failed(batch) : dead(batch)));
    const beganMs = Date.now();
    subject.append(['a', 'b'], [LANE], subject.queues[0]);
    await until(async () => (await letters()).length === 2, 'both are dead letters');
    for (const _ of subject.queues) {
      const [first, second] = await letters();
      expect([first, second].map((letter) => textOf(letter!.event))).toEqual(['a', 'b']);
      const { endpointId, cause, attempts, atMs, deadMs } = first!;
      expect([endpointId, cause, attempts]).toEqual([LANE, 'It answered 500', 2]);
      expect(atMs).toBeGreaterThanOrEqual(beganMs);
      expect(deadMs).toBeGreaterThanOrEqual(atMs);
    }
    subject.judge(LANE, delivered);
    const [, second] = await letters();
    expect(await subject.any().resend(subject.app, ['none', second!.id])).toBe(1);
    await until(() => subject.texts().length === 5, 'it is sent again');
    const [again] = subject.batches().at(-1)!.events;
    expect([textOf(again!.event), again!.atMs]).toEqual(['b', second!.atMs]);
    expect(again!.queuedMs).toBeGreaterThanOrEqual(second!.deadMs);
    expect((await letters()).map(({ event }) => textOf(event))).toEqual(['a']);
    expect(await subject.any().resend(subject.app, [second!.id])).toBe(0);
  });

  it('goes on with those behind them', async () => {
    subject.judge(LANE, (batch) =>
      textOf(batch.events[0]!.event) === 'bad' ? dead(batch, 1) : delivered(batch),
    );
    subject.append(['bad', 'good', 'better'], [LANE], subject.queues[0]);
    await expectSoon(() => subject.texts(), ['bad', 'good', 'better', 'good', 'better']);
    expect((await letters()).map(({ event }) => textOf(event))).toEqual(['bad']);
  });

  it('those of an application are nobody else’s', async () => {
    subject.judge(LANE, dead);
    subject.append(['a']);
    await until(async () => (await letters()).length === 1, 'it is a dead letter');
    const [letter] = await letters();
    expect(await subject.any().deadLetters(`${subject.app}-2`)).toEqual([]);
    expect(await subject.any().resend(`${subject.app}-2`, [letter!.id])).toBe(0);
    expect((await letters()).length).toBe(1);
  });
}
