import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { NATS_OPTIONS, type NatsOptions } from './nats.options.js';

/** `restoring`: NATS is there again, and what was missed is being made up for. */
export type LinkStatus = 'down' | 'restoring' | 'up';

/** NATS went out of reach while it was asked, or was so before. */
export class LinkDownError extends Error {}

type Listener = () => void;
type Step = () => Promise<void>;

/** Between two attempts, at most; half of it at least. */
const RETRY_MS = 500;
const CONNECT_MS = 1000;
/** How long the start, and a farewell, wait for NATS. */
const PATIENCE_MS = 1000;
const PAUSE_MS = 5;
const DEFAULT_MAX_PAYLOAD = 1_048_576;

/**
 * A connection is used until it breaks, and then replaced: so a start and the end of an outage are
 * the same thing. A server that does not answer is given up after a second and a half.
 */
const HABITS = {
  reconnect: false,
  timeout: CONNECT_MS,
  pingInterval: 500,
  maxPingOut: 2,
  noAsyncTraces: true,
};

/** The connection of this node to NATS, shared by the two drivers, and whether it can be used. */
@Injectable()
export class NatsLink implements OnModuleInit, OnApplicationShutdown {
  /** The name of this node, new with every process. */
  readonly nodeId = randomBytes(8).toString('hex');
  private readonly logger = new Logger(NatsLink.name);
  private readonly restoreSteps: Step[] = [];
  private readonly farewells: Step[] = [];
  private readonly upListeners: Listener[] = [];
  private readonly downListeners: Listener[] = [];
  /** Whoever waits for NATS, to be told when it is gone. */
  private readonly waiting = new Set<(reason: Error) => void>();
  private readonly closing = new AbortController();
  private running: Promise<void> | undefined;
  private current: NatsConnection | undefined;
  private currentStatus: LinkStatus = 'down';
  private endSession: (reason: Error) => void = () => undefined;
  private downSinceMs: number | undefined = performance.now();
  /** The outage was told of. */
  private hasComplained = false;
  private largestPayload = DEFAULT_MAX_PAYLOAD;

  constructor(@Inject(NATS_OPTIONS) private readonly options: NatsOptions) {}

  /** Waits for NATS a second at most: the server starts without it. */
  async onModuleInit(): Promise<void> {
    const isUp = new Promise<void>((resolve) => this.onUp(resolve));
    this.running ??= this.run();
    await Promise.race([isUp, sleep(PATIENCE_MS, undefined, { ref: false })]);
  }

  async onApplicationShutdown(): Promise<void> {
    for (const farewell of this.farewells) await farewell().catch(() => undefined);
    const endMs = performance.now() + PATIENCE_MS;
    while (this.waiting.size > 0 && performance.now() < endMs) await sleep(PAUSE_MS);
    this.closing.abort();
    this.endSession(new LinkDownError('closed'));
    await this.running;
  }

  get status(): LinkStatus {
    return this.currentStatus;
  }

  /** Milliseconds since the status was `up` last, or since the start; 0 while it is. */
  get unreachableMs(): number {
    return this.downSinceMs === undefined ? 0 : performance.now() - this.downSinceMs;
  }

  /** @throws LinkDownError when there is none */
  get connection(): NatsConnection {
    if (this.current === undefined) throw new LinkDownError('NATS is out of reach.');
    return this.current;
  }

  /** Bytes of one message that NATS takes. */
  get maxPayload(): number {
    return this.largestPayload;
  }

  /** Copies of the state. */
  get replicas(): number {
    return this.options.replicas ?? 1;
  }

  /** Work to be done each time NATS is there, before the status is `up`, in the order of these calls. */
  onRestore(step: Step): void {
    this.restoreSteps.push(step);
  }

  /** Called in the turn in which the status becomes `up`. */
  onUp(listener: Listener): void {
    this.upListeners.push(listener);
  }

  /** Called in the turn in which NATS turns out to be gone. Not when this node closes. */
  onDown(listener: Listener): void {
    this.downListeners.push(listener);
  }

  /** Work to be done before the connection is closed. Whether there is one has to be looked at. */
  beforeClose(step: Step): void {
    this.farewells.push(step);
  }

  /** Waits for NATS. Rejects at once when it goes out of reach. */
  async during<T>(work: Promise<T>): Promise<T> {
    let giveUp!: (reason: Error) => void;
    const gone = new Promise<never>((_, reject) => (giveUp = reject));
    this.waiting.add(giveUp);
    try {
      return await Promise.race([work, gone]);
    } finally {
      this.waiting.delete(giveUp);
    }
  }

  /** Resolves when NATS has taken everything that was sent so far. */
  flush(): Promise<void> {
    return this.during(this.connection.flush());
  }

  /** NATS cannot be worked with: it is out of reach now, and connected to anew. */
  fail(reason: Error): void {
    this.goDown(reason);
    this.endSession(reason);
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const reason = await this.serve();
      this.goDown(reason);
      const restMs = RETRY_MS * (0.5 + Math.random() / 2);
      await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Connects, and resolves with what ended that. */
  private async serve(): Promise<Error> {
    try {
      const { replicas: _, ...options } = this.options;
      const connection = await connect({ ...options, ...HABITS });
      try {
        return await this.use(connection);
      } finally {
        // A server that does not read would keep this waiting.
        await Promise.race([connection.close(), sleep(PATIENCE_MS, undefined, { ref: false })]);
      }
    } catch (error) {
      return error as Error;
    }
  }

  private async use(connection: NatsConnection): Promise<Error> {
    const ended = this.endOf(connection);
    if (this.closing.signal.aborted) return new LinkDownError('closed');
    this.current = connection;
    this.currentStatus = 'restoring';
    this.largestPayload = connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
    const restored = this.restore();
    const fault = await Promise.race([ended, restored]);
    if (fault !== undefined) {
      this.goDown(fault);
      await restored;
      return fault;
    }
    this.goUp();
    const reason = await ended;
    this.goDown(reason);
    return reason;
  }

  /** Resolves when a connection cannot be used any more. */
  private endOf(connection: NatsConnection): Promise<Error> {
    const failed = new Promise<Error>((resolve) => (this.endSession = resolve));
    return Promise.race([failed, this.watch(connection)]);
  }

  /** The end of a silent connection is told before it is closed, which may take long. */
  private async watch(connection: NatsConnection): Promise<Error> {
    for await (const { type } of connection.status()) {
      if (type === 'staleConnection') return new LinkDownError('NATS does not answer.');
      if (type === 'disconnect') break;
    }
    return new LinkDownError('The connection was closed.');
  }

  /** @returns what went wrong */
  private async restore(): Promise<Error | undefined> {
    try {
      for (const step of this.restoreSteps) await step();
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  private goUp(): void {
    this.currentStatus = 'up';
    this.downSinceMs = undefined;
    this.hasComplained = false;
    this.logger.log('NATS is there');
    for (const listener of this.upListeners) listener();
  }

  private goDown(reason: Error): void {
    if (this.closing.signal.aborted) return this.forget(reason);
    if (!this.hasComplained) {
      this.logger.warn(`NATS is out of reach: ${reason.message}`);
      this.hasComplained = true;
    }
    if (this.current === undefined) return;
    this.forget(reason);
    for (const listener of this.downListeners) listener();
  }

  private forget(reason: Error): void {
    this.currentStatus = 'down';
    this.current = undefined;
    this.downSinceMs ??= performance.now();
    for (const giveUp of this.waiting) giveUp(new LinkDownError(reason.message, { cause: reason }));
    this.waiting.clear();
  }
}
