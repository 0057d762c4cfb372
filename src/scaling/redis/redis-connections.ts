import { createHash, randomBytes } from 'node:crypto';
import { isNativeError } from 'node:util/types';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';
import { SCALING_OPTIONS, type ScalingOptions } from '../scaling.options.js';
import { LinkBackoff } from './link-backoff.js';
import { ClusterSession } from './link-cluster-session.js';
import { settledWithin } from './link-deadline.js';
import { isLinkFault } from './link-fault.js';
import { LinkLife } from './link-life.js';
import { LinkLog } from './link-log.js';
import type { LinkSession } from './link-session.js';
import { SingleSession } from './link-single-session.js';
import { createAbsentRedis, describeRedis, redisKindOf } from './redis-client.js';
import type { LinkStatus, RedisLink, RedisScript, RedisSubscriber } from './redis-link.js';

/** Longer than it takes to try one address in vain. */
const CONNECT_TIMEOUT_MS = 5_000;
const OPEN_TIMEOUT_MS = 1_000;
const CLOSE_TIMEOUT_MS = 1_000;

/** For a step of `onRestore` whose connections are gone: its commands fail, so it ends soon. */
const STEP_TIMEOUT_MS = 1_000;

/** Connects this node to Redis when it is opened, and again whenever Redis was away. */
@Injectable()
export class RedisConnections implements RedisLink {
  readonly nodeId = randomBytes(8).toString('hex');
  readonly prefix: string;
  readonly isCluster: boolean;
  readonly subscriber: RedisSubscriber = {
    subscribe: (topics) => this.withSession((session) => session.subscribe(topics)),
    unsubscribe: (topics) => this.withSession((session) => session.unsubscribe(topics)),
    onMessage: (listener) => (this.messageListener = listener),
  };

  private readonly logger = new Logger(RedisConnections.name);
  private readonly log: LinkLog;
  private readonly backoff = new LinkBackoff();
  private readonly scripts: string[] = [];
  private readonly steps: (() => Promise<void>)[] = [];
  private readonly upListeners: (() => void)[] = [];
  private readonly downListeners: (() => void)[] = [];
  private messageListener: (topic: string, payload: Buffer) => void = () => undefined;
  private currentStatus: LinkStatus = 'down';
  private life?: LinkLife;
  private absent?: Redis;
  private lastUpMs = performance.now();
  /** Who has opened it, and not closed it yet. */
  private users = 0;
  private opening?: Promise<void>;
  private closing?: Promise<void>;
  private living?: Promise<void>;
  /** Cuts the pause between two attempts short. */
  private wake: () => void = () => undefined;

  constructor(@Inject(SCALING_OPTIONS) private readonly options: ScalingOptions) {
    this.prefix = options.prefix;
    this.isCluster = redisKindOf(options) === 'cluster';
    this.log = new LinkLog(describeRedis(options), {
      prefix: options.prefix,
      isTls: options.redis.tls !== undefined,
    });
  }

  get status(): LinkStatus {
    return this.currentStatus;
  }

  get unreachableMs(): number {
    return this.currentStatus === 'up' ? 0 : performance.now() - this.lastUpMs;
  }

  get commands(): Redis | Cluster {
    const session = this.currentStatus === 'down' ? undefined : this.life?.session;
    return session?.commands ?? (this.absent ??= createAbsentRedis());
  }

  defineScript<Answer>(lua: string): RedisScript<Answer> {
    const digest = createHash('sha1').update(lua).digest('hex');
    this.scripts.push(lua);
    return (keys, ...args) =>
      this.withSession(({ commands }) => {
        const answer = commands.evalsha(digest, keys.length, ...keys, ...args);
        return answer as Promise<Answer>;
      });
  }

  onRestore(step: () => Promise<void>): void {
    this.steps.push(step);
  }

  onUp(listener: () => void): void {
    this.upListeners.push(listener);
  }

  onDown(listener: () => void): void {
    this.downListeners.push(listener);
  }

  fail(reason: Error): void {
    if (this.currentStatus !== 'down') this.life?.lose(reason);
  }

  open(): Promise<void> {
    this.users++;
    return (this.opening ??= this.begin());
  }

  async close(): Promise<void> {
    if (--this.users <= 0) await (this.closing ??= this.end());
  }

  private async begin(): Promise<void> {
    if (this.closing) return;
    const up = new Promise<void>((resolve) => this.upListeners.push(resolve));
    this.living = this.keepConnected();
    await settledWithin(Promise.race([up, this.living]), OPEN_TIMEOUT_MS);
  }

  private async end(): Promise<void> {
    const { life } = this;
    if (life && this.currentStatus !== 'down') await settledWithin(life.quit(), CLOSE_TIMEOUT_MS);
    this.currentStatus = 'down';
    this.wake();
    life?.drop();
    await this.living;
  }

  private async keepConnected(): Promise<void> {
    while (!this.closing) {
      const upMs = await this.live();
      if (!this.closing) await this.pause(this.backoff.nextDelayMs(upMs));
    }
  }

  /** Connects, restores, and stays up as long as it can; resolves with how long that was. */
  private async live(): Promise<number> {
    const life = new LinkLife((reason) => this.goDown(reason));
    this.life = life;
    let upMs = 0;
    try {
      await life.connect(this.createSession(life), this.scripts, CONNECT_TIMEOUT_MS);
      this.currentStatus = 'restoring';
      for (const step of this.steps) await this.run(step, life);
      if (!this.closing) this.goUp();
      const sinceMs = performance.now();
      await life.over;
      upMs = performance.now() - sinceMs;
    } catch (error) {
      life.lose(toError(error));
    }
    return upMs;
  }

  private createSession(life: LinkLife): LinkSession {
    const Session = this.isCluster ? ClusterSession : SingleSession;
    return new Session(this.options, `revurb-${this.nodeId}`, {
      onLost: (reason) => life.lose(reason),
      onMessage: (topic, payload) => {
        if (!life.isOver) this.receive(topic, payload);
      },
    });
  }

  /** The next life waits for what this one has begun, so that no two steps run at once. */
  private async run(step: () => Promise<void>, life: LinkLife): Promise<void> {
    const work = step();
    try {
      await life.unlessOver(work);
    } catch (error) {
      life.lose(toError(error));
      await settledWithin(work, STEP_TIMEOUT_MS);
      throw error;
    }
  }

  private goUp(): void {
    this.log.up(performance.now() - this.lastUpMs);
    this.currentStatus = 'up';
    this.tell(this.upListeners);
  }

  private goDown(reason: Error): void {
    const { currentStatus } = this;
    this.log.down(reason, currentStatus === 'up');
    if (currentStatus === 'up') this.lastUpMs = performance.now();
    this.currentStatus = 'down';
    if (currentStatus !== 'down') this.tell(this.downListeners);
  }

  private tell(listeners: readonly (() => void)[]): void {
    for (const listener of listeners) this.safely(listener);
  }

  private receive(topic: Buffer, payload: Buffer): void {
    this.safely(() => this.messageListener(topic.toString(), payload));
  }

  /** What others do with the news does not break the link. */
  private safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.logger.error(error);
    }
  }

  /** An answer that says that Redis cannot be worked with ends the life in which it was asked, and no later one. */
  private async withSession<T>(work: (session: LinkSession) => Promise<T>): Promise<T> {
    const { life } = this;
    if (this.currentStatus === 'down' || !life?.session) throw new Error('Redis is away.');
    try {
      return await work(life.session);
    } catch (error) {
      if (isLinkFault(error)) life.lose(error);
      throw error;
    }
  }

  private async pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function toError(reason: unknown): Error {
  return isNativeError(reason) ? reason : new Error(String(reason));
}
