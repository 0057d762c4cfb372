import type { Cluster, Redis } from 'ioredis';
import type { ScalingOptions } from '../scaling.options.js';
import {
  connectClient,
  loadScripts,
  type LinkSession,
  type LinkSessionEvents,
} from './link-session.js';
import { ShardedSubscriber } from './link-sharded-subscriber.js';
import { LinkSlots } from './link-slots.js';
import { clusterSeedsOf, createCluster, createRedis } from './redis-client.js';

/** After the last slot has moved. */
const SETTLED_MS = 5_000;

/**
 * Connections to every master of a Cluster. Slots may move under way; once they have stopped moving, the
 * session ends, so that what commands on their way may have missed is restored.
 */
export class ClusterSession implements LinkSession {
  readonly commands: Cluster;
  private readonly slots: LinkSlots;
  private readonly subscriber: ShardedSubscriber;
  private scripts: readonly string[] = [];
  private isOver = false;
  private fault?: Error;
  private settling?: NodeJS.Timeout;

  /** @throws when a TLS file cannot be read */
  constructor(
    private readonly options: ScalingOptions,
    private readonly name: string,
    private readonly events: LinkSessionEvents,
  ) {
    this.commands = createCluster(options, name);
    this.slots = new LinkSlots(this.commands);
    this.subscriber = new ShardedSubscriber(this.slots, (master) => this.createFor(master), {
      onLost: (reason) => this.lose(reason),
      onMessage: events.onMessage,
    });
    this.noteFaults();
  }

  connections(): Redis[] {
    return [...this.commands.nodes('master'), ...this.subscriber.connected()];
  }

  async connect(scripts: readonly string[]): Promise<void> {
    this.scripts = scripts;
    try {
      await Promise.race([this.commands.connect(), this.closing()]);
    } catch (error) {
      throw await this.explain(error as Error);
    }
    this.watch();
    this.fault = undefined;
    this.slots.update();
    const masters = this.commands.nodes('master');
    await Promise.all([
      this.subscriber.connect(),
      ...masters.map((master) => master.ping()),
      ...masters.map((master) => loadScripts(master, scripts)),
    ]);
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    await this.subscriber.subscribe(topics);
  }

  async unsubscribe(topics: readonly string[]): Promise<void> {
    await this.subscriber.unsubscribe(topics);
  }

  drop(): void {
    this.isOver = true;
    clearTimeout(this.settling);
    this.commands.disconnect();
    this.subscriber.drop();
  }

  async quit(): Promise<void> {
    this.isOver = true;
    clearTimeout(this.settling);
    await Promise.all([this.commands.quit(), this.subscriber.quit()]);
  }

  /** The promise of `connect` alone never settles when the client closes meanwhile. */
  private closing(): Promise<never> {
    return new Promise((_, reject) => {
      const fail = () => reject(new Error('the connection was closed'));
      this.commands.once('close', fail);
      this.commands.once('end', fail);
    });
  }

  private noteFaults(): void {
    this.commands.on('error', (error: Error) => (this.fault ??= error));
    this.commands.on('node error', (error: Error) => (this.fault = error));
  }

  private watch(): void {
    const lose = () => this.lose(this.fault ?? new Error('the connection was closed'));
    this.commands.on('-node', ({ options: { host, port } }: Redis) => {
      if (this.slots.masters().has(`${host}:${port}`)) lose();
    });
    this.commands.on('close', lose);
    this.commands.on('end', lose);
    this.commands.on('+node', (master: Redis) => void this.prepare(master));
    this.commands.on('refresh', () => void this.follow());
  }

  /** The client of a Cluster does not tell why it could not connect; an ordinary one does. */
  private async explain(error: Error): Promise<Error> {
    const [seed] = clusterSeedsOf(this.options.redis);
    const redis = createRedis(this.options, seed!, this.name);
    try {
      await connectClient(redis);
      return this.fault ?? error;
    } catch (reason) {
      return reason as Error;
    } finally {
      redis.disconnect();
    }
  }

  private createFor(master: string): Redis {
    const separator = master.lastIndexOf(':');
    const host = master.slice(0, separator);
    return createRedis(
      this.options,
      { host, port: Number(master.slice(separator + 1)) },
      this.name,
    );
  }

  /** A master that has joined gets the scripts before anything else. */
  private async prepare(master: Redis): Promise<void> {
    if (master.options.readOnly) return;
    // Should it not work out, the first script that it is asked for says so.
    await loadScripts(master, this.scripts).catch(() => undefined);
  }

  private async follow(): Promise<void> {
    this.fault = undefined;
    const haveMoved = this.slots.update();
    if (!haveMoved || this.isOver) return;
    clearTimeout(this.settling);
    this.settling = setTimeout(
      () => this.lose(new Error('slots have moved to other masters')),
      SETTLED_MS,
    );
    try {
      await this.subscriber.follow();
    } catch (error) {
      this.lose(error as Error);
    }
  }

  private lose(reason: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.settling);
    this.events.onLost(reason);
  }
}
