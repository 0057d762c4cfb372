import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { OverloadError } from '../overload-error.js';
import { SCALING_OPTIONS, type ScalingOptions } from '../scaling.options.js';
import {
  WebhookQueue,
  type DeadLetter,
  type WebhookBatch,
  type WebhookEntry,
  type WebhookQueueOptions,
  type WebhookVerdict,
} from '../webhook-queue.js';
import { LaneWorkers } from './lane-workers.js';
import { isLinkFault } from './link-fault.js';
import { RedisConnections } from './redis-connections.js';
import { WebhookAppender } from './webhook-appender.js';
import { WebhookLanes } from './webhook-lanes.js';

/** Events for a lane that was woken a moment ago are gathered, so that many of them cost little. */
const GATHER_MS = 50;
/** At most so often, and not less often than the locks of dead nodes end. */
const MAX_SWEEP_MS = 5_000;
/** Sweeps after which ends of keys are put off. */
const SWEEPS_TO_KEEP = 60;

/** When Redis does not do what it should. */
const TROUBLE_MS = 1_000;
/** A connection of BullMQ was lost, and others take its place. */
const CONNECTION_FAULT = /Connection is closed|Stream isn't writeable|\bE[A-Z]{4,}\b/;

/** A batch that was judged, which Redis could not be told. */
interface Unsettled {
  readonly owner: string;
  readonly verdict: WebhookVerdict;
}

/**
 * Keeps the events of webhooks in Redis, from where any node delivers them. The events stand in lists,
 * in order; which node works on which list, and when, is BullMQ's business, which survives the node.
 */
@Injectable()
export class RedisWebhookQueue extends WebhookQueue implements OnApplicationShutdown {
  private readonly logger = new Logger('Webhooks');
  private readonly lanes: WebhookLanes;
  private readonly appender: WebhookAppender;
  private readonly workers: LaneWorkers;
  private readonly unsettled = new Map<string, Unsettled>();
  /** Lanes that were woken a moment ago, and whether more came since. */
  private readonly woken = new Map<string, boolean>();
  private readonly reported = new Set<string>();
  private readonly sweeper: NodeJS.Timeout;
  private options: WebhookQueueOptions | undefined;
  private batches = 0;
  private sweeps = 0;
  private isClosing = false;

  constructor(
    private readonly link: RedisConnections,
    @Inject(SCALING_OPTIONS) { leaseSeconds, heartbeatSeconds }: ScalingOptions,
  ) {
    super();
    const onError = (error: unknown) => this.report(error);
    this.lanes = new WebhookLanes(link);
    this.appender = new WebhookAppender(link, this.lanes, (lanes) => this.attend(lanes), onError);
    this.workers = new LaneWorkers(link, {
      prefix: this.lanes.keys.jobs,
      lockMs: leaseSeconds * 1000,
      checkMs: heartbeatSeconds * 1000,
      work: (lane) => this.work(lane),
      onDone: (lane) => void this.lookAgain(lane),
      onReady: () => void this.sweep(),
      onError: (error) => this.report(error, CONNECTION_FAULT),
    });
    link.onUp(() => void this.resume());
    link.onDown(() => this.workers.stop());
    const sweepMs = Math.min(MAX_SWEEP_MS, (leaseSeconds * 1000) / 2);
    this.sweeper = setInterval(() => void this.sweep(), sweepMs).unref();
  }

  override get dropped(): number {
    return this.appender.dropped;
  }

  override open(options: WebhookQueueOptions): void {
    this.options = options;
  }

  override async prepare(): Promise<void> {
    await this.workers.prepare();
    this.workers.start();
  }

  override append(appId: string, entries: readonly WebhookEntry[]): void {
    this.appender.append(appId, entries);
  }

  override deadLetters(appId: string): Promise<readonly DeadLetter[]> {
    return this.ask(() => this.lanes.deadLetters(appId));
  }

  override async resend(appId: string, ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    const { count, lanes } = await this.ask(() => this.lanes.resend(appId, ids));
    this.attend(lanes);
    return count;
  }

  override async length(): Promise<number> {
    if (this.link.status !== 'up') return this.appender.length;
    const lanes = await this.lanes.waiting();
    const lengths = await Promise.all(lanes.map((lane) => this.lanes.lengthOf(lane)));
    return lengths.reduce((sum, length) => sum + length, this.appender.length);
  }

  /** What is in Redis stays there, for other nodes or the next start. */
  override async close(withinMs: number): Promise<number> {
    this.isClosing = true;
    const [, lost] = await Promise.all([this.workers.close(withinMs), this.handOver()]);
    clearInterval(this.sweeper);
    return lost;
  }

  async onApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    clearInterval(this.sweeper);
    await this.workers.close(0);
  }

  /** Redis gets the last events of this node, if it is there. @returns how many it did not get */
  private async handOver(): Promise<number> {
    await this.appender.flush();
    return this.appender.length;
  }

  private async resume(): Promise<void> {
    // Nobody who takes such a lane now delivers again what was delivered.
    const unsettled = [...this.unsettled];
    await Promise.allSettled(unsettled.map(([lane, each]) => this.settle(lane, each)));
    void this.appender.flush();
    if (this.workers.isPrepared) this.workers.start();
    await this.sweep();
  }

  /** Looks for lanes nobody looks at: whoever was to wake them, or had them, is gone. */
  private async sweep(): Promise<void> {
    if (this.options === undefined || this.isClosing || this.link.status !== 'up') return;
    try {
      const waiting = await this.lanes.waiting();
      if (waiting.length === 0) return;
      this.workers.start();
      await this.workers.wake(waiting);
      if (this.sweeps++ % SWEEPS_TO_KEEP === 0) await this.lanes.keep(this.workers.keptKeys);
    } catch (error) {
      this.report(error);
    }
  }

  /** Something has come into lanes. */
  private attend(lanes: readonly string[]): void {
    if (lanes.length === 0 || this.options === undefined) return;
    this.workers.start();
    const { batchWindowMs } = this.options;
    const idle = lanes.filter((lane) => !this.woken.has(lane));
    for (const lane of lanes) this.woken.set(lane, this.woken.has(lane));
    if (idle.length === 0) return;
    void this.workers.wake(idle, batchWindowMs);
    setTimeout(() => this.attendAgain(idle), GATHER_MS).unref();
  }

  private attendAgain(lanes: readonly string[]): void {
    const busy = lanes.filter((lane) => this.woken.get(lane) === true);
    for (const lane of lanes) this.woken.delete(lane);
    this.attend(busy);
  }

  /** What came while the last batch of a lane was on its way may have woken nobody. */
  private async lookAgain(lane: string): Promise<void> {
    try {
      if (this.isClosing || (await this.lanes.lengthOf(lane)) === 0) return;
      await this.workers.wake([lane], this.options?.batchWindowMs);
    } catch (error) {
      this.report(error);
    }
  }

  private async work(lane: string): Promise<number> {
    try {
      return await this.workOff(lane);
    } catch (error) {
      this.report(error);
      return TROUBLE_MS;
    }
  }

  /** @returns milliseconds until the lane is to be looked at again; 0: nothing is left, or it is somebody else's */
  private async workOff(lane: string): Promise<number> {
    const { deliver, batchWindowMs } = this.options!;
    for (;;) {
      // Others may have it at once.
      if (this.isClosing) return 1;
      const owner = `${this.link.nodeId} ${++this.batches}`;
      const batch = await this.lanes.begin(lane, owner);
      if (batch === undefined) return 0;
      const waitMs = waitOf(batch, batchWindowMs);
      if (waitMs > 0) return waitMs;
      const verdict = await deliver(batch);
      const left = await this.settle(lane, { owner, verdict });
      if (left === undefined || left === 0) return 0;
      if (verdict.pauseMs > 0) return verdict.pauseMs;
    }
  }

  /** @returns how many events are left, undefined when the lane is somebody else's. @throws when Redis cannot be told */
  private async settle(lane: string, { owner, verdict }: Unsettled): Promise<number | undefined> {
    this.unsettled.set(lane, { owner, verdict });
    const left = await this.lanes.end(lane, owner, verdict);
    this.unsettled.delete(lane);
    return left;
  }

  private async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      this.report(error);
      throw new OverloadError('The queue of webhooks cannot be reached. Try again in a second.');
    }
  }

  /** Each kind of failure is logged once; that Redis is away is said by others. */
  private report(error: unknown, known?: RegExp): void {
    if (this.link.status !== 'up' || this.isClosing) return;
    if (known === undefined ? isLinkFault(error) : known.test(String(error))) return;
    const kind = error instanceof Error ? `${error.name} ${error.message.split(' ', 1)[0]}` : '';
    if (this.reported.has(kind)) return;
    this.reported.add(kind);
    this.logger.error('Webhooks have trouble with Redis, and go on as soon as they can', error);
  }
}

/** How long a batch is still gathered. The clock of who queued its events may be another one. */
function waitOf({ failures, events }: WebhookBatch, windowMs: number): number {
  if (failures > 0) return 0;
  return Math.min(windowMs, events[0]!.queuedMs + windowMs - Date.now());
}
