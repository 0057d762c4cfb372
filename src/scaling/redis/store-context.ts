import { Logger } from '@nestjs/common';
import { ApplicationStates } from '../application-state.js';
import type { ScalingOptions } from '../scaling.options.js';
import type { StateListener } from '../state-store.js';
import { KeyNames, type NodeKeys } from './key-names.js';
import { isLinkFault } from './link-fault.js';
import type { RedisLink } from './redis-link.js';
import { defineStoreScripts, type Fate, type StoreScripts } from './store-scripts.js';

/** Whatever has no end of its own ends after this, should no node come again. Renewed long before. */
const TTL_MS = 3_600_000;

/** What the parts of the state store share. */
export class StoreContext {
  readonly nodeId: string;
  readonly keys: KeyNames;
  /** The keys of this node. */
  readonly ownKeys: NodeKeys;
  readonly scripts: StoreScripts;
  /** All that this node was told, whether Redis knows it or not. */
  readonly mirror = new ApplicationStates();
  readonly ttlMs = TTL_MS;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  /** How often this node has registered. What is sent under an earlier one Redis refuses. */
  epoch = 0;
  /** By the clock of this process: until when the others certainly take this node for alive. */
  leaseEndsMs = -Infinity;
  /** What had become of the lease before the last registration. */
  fate: Fate = 'alive';
  /** Redis knows all that this node holds, and has not lost it since, as far as is known. */
  isRestored = false;
  /** The node is about to stop: who leaves now is missed by nobody for a while. */
  isHandedOver = false;
  listener: StateListener | undefined;
  /** Told when Redis seems to have lost data. */
  onLoss: () => void = () => undefined;
  private untold: ((listener: StateListener) => void)[] = [];
  private readonly enlisted = new Map<string, Promise<unknown> | undefined>();
  private readonly logger = new Logger('StateStore');
  private readonly reported = new Set<string>();

  constructor(
    readonly link: RedisLink,
    options: ScalingOptions,
  ) {
    this.nodeId = link.nodeId;
    this.keys = new KeyNames(options.prefix);
    this.ownKeys = this.keys.node(link.nodeId);
    this.scripts = defineStoreScripts(link);
    this.heartbeatMs = options.heartbeatSeconds * 1000;
    this.leaseMs = options.leaseSeconds * 1000;
  }

  /** Redis may be asked on behalf of callers. If not, the mirror answers. */
  get isUp(): boolean {
    return this.isRestored && this.link.status === 'up' && performance.now() < this.leaseEndsMs;
  }

  /**
   * Puts an application on the list by which what this node has of it is found when the node is dead.
   * @returns a promise until it stands there
   */
  enlistApplication(appId: string): Promise<unknown> | undefined {
    if (!this.enlisted.has(appId)) {
      if (this.link.status === 'down' || this.epoch === 0) return undefined;
      this.enlisted.set(appId, this.enlistApplications([appId]));
    }
    return this.enlisted.get(appId);
  }

  /** Puts all applications on the list again. @throws when Redis cannot be asked */
  async restoreApplications(): Promise<void> {
    const appIds = Array.from(this.mirror.entries(), ([appId]) => appId);
    this.enlisted.clear();
    if (appIds.length > 0) await this.enlistNames(appIds);
    for (const appId of appIds) this.enlisted.set(appId, undefined);
  }

  /** Says what concerns all nodes: now, or when they can be reached again. */
  tell(news: (listener: StateListener) => void): void {
    this.untold.push(news);
    if (this.isUp) this.tellUntold();
  }

  /** Says what could not be said before. */
  tellUntold(): void {
    const { untold } = this;
    this.untold = [];
    const { listener } = this;
    if (listener !== undefined) for (const news of untold) news(listener);
  }

  /** Tries to ask Redis. @returns undefined when it could not be asked */
  async attempt<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      this.report(error);
      return undefined;
    }
  }

  /** A command failed. Tells the link if Redis cannot be worked with; else logs each kind of failure once. */
  report(error: unknown): void {
    if (isLinkFault(error)) return this.link.fail(error);
    if (this.link.status === 'down') return;
    const kind = error instanceof Error ? `${error.name} ${error.message.split(' ', 1)[0]}` : '';
    if (this.reported.has(kind)) return;
    this.reported.add(kind);
    this.logger.error('Redis refused something; this node answers by itself instead', error);
  }

  private async enlistApplications(appIds: readonly string[]): Promise<void> {
    const isDone = await this.attempt(() => this.enlistNames(appIds));
    for (const appId of appIds) {
      if (isDone === undefined) this.enlisted.delete(appId);
      else this.enlisted.set(appId, undefined);
    }
  }

  private enlistNames(appIds: readonly string[]): Promise<number> {
    const { epoch, applications } = this.ownKeys;
    return this.scripts.enlist([epoch, applications], this.epoch, this.ttlMs, 'SADD', ...appIds);
  }
}
