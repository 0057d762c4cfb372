import { setTimeout as sleep } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import type { Redis } from 'ioredis';
import { connectClient, watchConnection, type LinkSessionEvents } from './link-session.js';
import type { LinkSlots } from './link-slots.js';

/** Until a Cluster agrees on who serves a slot that has just moved. */
const MAX_ATTEMPTS = 50;
const RETRY_MS = 100;

interface MasterConnection {
  readonly redis: Redis;
  readonly ready: Promise<void>;
}

/**
 * Sharded Pub/Sub of a Cluster: one connection to each master, and each topic subscribed at the master
 * that serves its slot. Topics follow their slots. (That of ioredis tells nobody when it loses one of its
 * connections, and subscribes again by itself.)
 */
export class ShardedSubscriber {
  private readonly connections = new Map<string, MasterConnection>();
  /** Where each topic is subscribed; undefined as long as it is on its way. */
  private readonly masterByTopic = new Map<string, string | undefined>();
  /** Have given slots away, and are not looked at yet. */
  private readonly givers = new Set<string>();
  private isOver = false;

  constructor(
    private readonly slots: LinkSlots,
    private readonly create: (master: string) => Redis,
    private readonly events: LinkSessionEvents,
  ) {}

  /** Those that are connected. */
  connected(): Redis[] {
    return this.all().filter(({ status }) => status === 'ready');
  }

  /** Connects to every master. */
  async connect(): Promise<void> {
    await Promise.all([...this.slots.masters()].map((master) => this.connectTo(master)));
  }

  /** Resolves when every topic is subscribed. */
  async subscribe(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.masterByTopic.set(topic, undefined);
    await this.placeAll(topics);
  }

  /** Resolves when every topic is forgotten. */
  async unsubscribe(topics: readonly string[]): Promise<void> {
    await Promise.all(
      topics.map((topic) => {
        const master = this.masterByTopic.get(topic);
        this.masterByTopic.delete(topic);
        return master === undefined ? undefined : this.forget(topic, master);
      }),
    );
  }

  /** Takes every topic to the master that serves it now, and leaves those that serve nothing any more. */
  async follow(): Promise<void> {
    await this.connect();
    await this.placeAll(this.topicsWhere((topic, master) => master !== this.slots.masterOf(topic)));
    const masters = this.slots.masters();
    for (const [master, { redis }] of this.connections) {
      if (masters.has(master)) continue;
      this.connections.delete(master);
      redis.disconnect();
    }
  }

  /** At once. */
  drop(): void {
    this.isOver = true;
    for (const redis of this.all()) redis.disconnect();
  }

  /** When everything is answered. */
  async quit(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.all().map((redis) => redis.quit()));
  }

  private all(): Redis[] {
    return [...this.connections.values()].map(({ redis }) => redis);
  }

  private async connectTo(master: string): Promise<Redis> {
    const { redis, ready } = this.connections.get(master) ?? this.open(master);
    await ready;
    return redis;
  }

  private open(master: string): MasterConnection {
    const redis = this.create(master);
    redis.on('smessageBuffer', this.events.onMessage);
    redis.on('moved', () => this.lookAfter(master));
    watchConnection(redis, (reason) => {
      if (!this.isOver && this.connections.get(master)?.redis === redis) this.events.onLost(reason);
    });
    const connection = { redis, ready: connectClient(redis) };
    this.connections.set(master, connection);
    return connection;
  }

  /** Also called for each topic of many that are moved at once. */
  private lookAfter(master: string): void {
    if (this.givers.size === 0) setImmediate(() => void this.placeStrays());
    this.givers.add(master);
  }

  /** A master that gives a slot away ends the subscriptions to its topics. */
  private async placeStrays(): Promise<void> {
    const keptByGiver = new Map([...this.givers].map((master) => [master, this.keptBy(master)]));
    this.givers.clear();
    const strays = this.topicsWhere(
      (topic, master) => keptByGiver.get(master)?.has(topic) === false,
    );
    for (const topic of strays) this.masterByTopic.set(topic, undefined);
    try {
      await this.placeAll(strays);
    } catch (error) {
      if (!this.isOver) this.events.onLost(error as Error);
    }
  }

  private keptBy(master: string): Set<string> {
    const subscriptions = this.connections.get(master)?.redis.condition?.subscriber;
    return new Set(subscriptions ? subscriptions.channels('ssubscribe') : []);
  }

  private topicsWhere(isMeant: (topic: string, master: string) => boolean): string[] {
    return [...this.masterByTopic]
      .filter(([topic, master]) => master !== undefined && isMeant(topic, master))
      .map(([topic]) => topic);
  }

  private async placeAll(topics: readonly string[]): Promise<void> {
    await Promise.all(topics.map((topic) => this.place(topic)));
  }

  /** Subscribes to a topic where it belongs, as long as it is wanted. */
  private async place(topic: string): Promise<void> {
    for (let attempt = 1; this.masterByTopic.has(topic); attempt += 1) {
      const master = this.slots.masterOf(topic);
      try {
        const redis = await this.connectTo(master);
        await redis.ssubscribe(topic);
        if (this.masterByTopic.has(topic)) this.masterByTopic.set(topic, master);
        else await this.forget(topic, master);
        return;
      } catch (error) {
        if (this.isOver || attempt === MAX_ATTEMPTS || !isMoved(error)) throw error;
        await sleep(RETRY_MS);
        await this.slots.refresh();
      }
    }
  }

  private async forget(topic: string, master: string): Promise<void> {
    try {
      await this.connections.get(master)?.redis.sunsubscribe(topic);
    } catch (error) {
      // Who does not serve a slot any more has forgotten its topics.
      if (!isMoved(error)) throw error;
    }
  }
}

function isMoved(error: unknown): boolean {
  return isNativeError(error) && /^(MOVED|CLUSTERDOWN)\b/.test(error.message);
}
