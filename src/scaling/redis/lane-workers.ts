import { createHash } from 'node:crypto';
import type { Queue, Worker } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { settledWithin } from './link-deadline.js';
import type { RedisLink } from './redis-link.js';

const QUEUE = 'deliveries';
/** Lanes at work on one node at the same time. */
const CONCURRENCY = 1_000;
/** A lane whose worker dies again and again is nothing to give up. */
const MAX_STALLS = 1_000_000;
/** What BullMQ tells the world; nobody listens. */
const EVENTS_KEPT = 10;
const JOBS_PER_CALL = 500;
const CLOSE_TIMEOUT_MS = 1_000;
const RESTART_MS = 2_000;
/** BullMQ's own keys that have no end. */
const KEPT_KEYS = ['meta', 'id', 'events', 'marker', 'wait', 'active', 'delayed', 'stalled'];

/** How lanes are worked off. */
export interface LaneWorkersOptions {
  /** What the keys begin with: with a hash tag, so that one node of a Cluster serves all of them. */
  readonly prefix: string;
  /** After which somebody else takes a lane whose worker is not heard of any more. */
  readonly lockMs: number;
  /** How often such lanes are looked for. */
  readonly checkMs: number;
  /** Works a lane off. @returns milliseconds until it is to be looked at again; 0: nothing is left */
  readonly work: (lane: string) => Promise<number>;
  /** A lane was worked off, and is nobody's now. */
  readonly onDone: (lane: string) => void;
  /** Lanes can be woken from now on. */
  readonly onReady: () => void;
  readonly onError: (error: unknown) => void;
}

/** One life of BullMQ's queue and worker; over with the first connection that is lost. */
interface Session {
  readonly client: Redis | Cluster;
  readonly queue: Queue;
  readonly worker: Worker;
}

/**
 * Has each lane worked off by one node at a time, with BullMQ: a lane in which something waits is a job.
 * Jobs hold nothing but the name of the lane, so none that is lost or done twice does any harm. Works
 * while the link is up, over connections of its own.
 */
export class LaneWorkers {
  private session: Promise<Session | undefined> | undefined;
  private current: Session | undefined;
  private restarting: NodeJS.Timeout | undefined;
  private isClosing = false;
  /** It is likely that lanes will be worked off. */
  isPrepared = false;

  constructor(
    private readonly link: RedisLink,
    private readonly options: LaneWorkersOptions,
  ) {}

  /** Takes a while, and most servers never need it. */
  async prepare(): Promise<void> {
    this.isPrepared = true;
    await import('bullmq');
  }

  /** Works, if the link is up. A second call does nothing. */
  start(): void {
    if (this.isClosing || this.session !== undefined || this.link.status !== 'up') return;
    clearTimeout(this.restarting);
    const session = this.open().catch((error: unknown) => {
      this.options.onError(error);
      return undefined;
    });
    this.session = session;
    void session.then((opened) => {
      if (this.session !== session) return opened && this.drop(opened);
      if (opened === undefined) return this.restartLater();
      this.current = opened;
      return this.options.onReady();
    });
  }

  /** The link is down. */
  stop(): void {
    clearTimeout(this.restarting);
    const { current } = this;
    this.session = undefined;
    this.current = undefined;
    if (current !== undefined) void this.drop(current);
  }

  /** Has lanes looked at, in `delayMs`. Those that are being worked off, or wait for their time, are left alone. */
  async wake(lanes: readonly string[], delayMs = 0): Promise<void> {
    for (let start = 0; start < lanes.length; start += JOBS_PER_CALL) {
      const { current } = this;
      if (current === undefined) return;
      const jobs = lanes.slice(start, start + JOBS_PER_CALL).map((lane) => ({
        name: 'lane',
        data: { lane },
        opts: { jobId: jobIdOf(lane), delay: delayMs },
      }));
      await current.queue.addBulk(jobs).catch(this.options.onError);
    }
  }

  /** Takes no lane any more, and waits for those that are being worked off. */
  async close(withinMs: number): Promise<void> {
    this.isClosing = true;
    const { current } = this;
    if (current !== undefined) await settledWithin(current.worker.close(), withinMs);
    this.stop();
  }

  /** The keys of BullMQ that nobody gives an end. */
  get keptKeys(): readonly string[] {
    return KEPT_KEYS.map((name) => `${this.options.prefix}:${QUEUE}:${name}`);
  }

  private async open(): Promise<Session> {
    const bullmq = await import('bullmq');
    const client = duplicate(this.link.commands);
    client.on('error', () => undefined);
    try {
      await client.connect();
      const session = this.createSession(bullmq, client);
      await Promise.all([session.queue.waitUntilReady(), session.worker.waitUntilReady()]);
      client.on('end', () => this.lose(session));
      return session;
    } catch (error) {
      client.disconnect();
      throw error;
    }
  }

  private createSession(bullmq: typeof import('bullmq'), client: Redis | Cluster): Session {
    const common = { connection: client, prefix: this.options.prefix };
    const queue = new bullmq.Queue(QUEUE, {
      ...common,
      streams: { events: { maxLen: EVENTS_KEPT } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    queue.on('error', this.options.onError);
    return { client, queue, worker: this.createWorker(bullmq, common) };
  }

  private createWorker(
    { Worker: BullWorker, DelayedError }: typeof import('bullmq'),
    common: { connection: Redis | Cluster; prefix: string },
  ): Worker {
    const { work, onDone, onError, lockMs, checkMs } = this.options;
    const worker = new BullWorker<{ lane: string }>(
      QUEUE,
      async (job, token) => {
        const pauseMs = await work(job.data.lane);
        if (pauseMs === 0) return;
        await job.moveToDelayed(Date.now() + pauseMs, token);
        throw new DelayedError();
      },
      {
        ...common,
        concurrency: CONCURRENCY,
        lockDuration: lockMs,
        stalledInterval: checkMs,
        // Whoever was to look at a lane next may have died.
        drainDelay: checkMs / 1000,
        maxStalledCount: MAX_STALLS,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
    );
    worker.on('completed', ({ data }) => onDone(data.lane));
    worker.on('failed', (job) => job && onDone(job.data.lane));
    worker.on('error', onError);
    return worker;
  }

  private lose(session: Session): void {
    if (this.current !== session) return;
    this.stop();
    this.restartLater();
  }

  private restartLater(): void {
    this.session = undefined;
    clearTimeout(this.restarting);
    if (!this.isClosing) this.restarting = setTimeout(() => this.start(), RESTART_MS).unref();
  }

  /** At once; what was under way is somebody else's. */
  private async drop({ client, queue, worker }: Session): Promise<void> {
    client.disconnect();
    await settledWithin(Promise.all([worker.close(true), queue.close()]), CLOSE_TIMEOUT_MS);
    client.disconnect();
  }
}

/** To whatever server the link has found, which may be one that sentinels name. */
function duplicate(commands: Redis | Cluster): Redis | Cluster {
  if (commands.isCluster) return (commands as Cluster).duplicate();
  return (commands as Redis).duplicate({ enableAutoPipelining: false });
}

/** A job may not be called anything. */
const jobIdOf = (lane: string) => createHash('sha256').update(lane).digest('base64url');
