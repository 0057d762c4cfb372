import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { RareWarning } from '../rare-warning.js';
import { HAND_OVER_MS } from '../state-store.js';
import { BUS_VERSION, HEARTBEATS_OF_LEASE, readHello } from './bus-protocol.js';
import { HubAnswers } from './hub-answers.js';
import { HubDesk } from './hub-desk.js';
import { HubDoor } from './hub-door.js';
import { HubLink } from './hub-link.js';
import { HubNews } from './hub-news.js';
import { HubPlaces } from './hub-places.js';
import { HubState, type NodeHolding } from './hub-state.js';
import { HubTopics } from './hub-topics.js';
import { HubWebhooks } from './hub-webhooks.js';
import { HubWorker } from './hub-worker.js';
import type { WorkerBusAddress } from './worker-bus-address.js';

const SWEEP_INTERVAL_MS = 10_000;

/** How the hub deals with its workers. */
export interface WorkerHubOptions {
  /** After which a silent worker counts as dead. */
  readonly leaseMs: number;
  /** Bytes that may wait for one worker; with more it counts as dead, too. */
  readonly bufferSize: number;
  /** A worker that was taken for dead may still be running, and has to be killed. */
  onSilent(pid: number): void;
}

/** What went on since the start. */
export interface WorkerHubCounters {
  /** Links that were closed because of what came over them. */
  readonly refusedLinks: number;
  /** Messages that workers published. */
  readonly messages: number;
  /** Messages that went to workers: one for each that subscribed. */
  readonly deliveries: number;
}

/** Why somebody is not let in. */
class StrangerError extends Error {}

/**
 * Where the workers of one server on one machine meet: passes messages on between them, and knows what
 * they agree on. Runs in the process that starts them, outside Nest. All of it is in memory: when this
 * process ends, the workers have to end as well.
 */
export class WorkerHub {
  private readonly logger = new Logger(WorkerHub.name);
  private readonly refusal = new RareWarning(
    this.logger,
    'A link was closed for what came over it',
  );
  private readonly door = new HubDoor((socket) => this.accept(socket));
  private readonly links = new Set<HubLink>();
  private readonly workers = new Map<string, HubWorker>();
  /** For nodes that stopped in order, and are not missed yet. */
  private readonly partings = new Set<NodeJS.Timeout>();
  private readonly topics = new HubTopics();
  private readonly answers = new HubAnswers(() => performance.now());
  private readonly news = new HubNews(({ kind }) => {
    if (kind === 'death') this.tellRestored();
  });
  private readonly state = new HubState((news) => this.news.tell(news));
  private readonly places = new HubPlaces((change) => this.news.tell({ kind: 'place', change }));
  private readonly webhooks = new HubWebhooks(
    () => this.news.isUntold,
    () => performance.now(),
  );
  private readonly desk: HubDesk;
  private refusedLinks = 0;
  private readonly timers: NodeJS.Timeout[] = [];
  private listening: Promise<WorkerBusAddress> | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: WorkerHubOptions) {
    const { topics, answers, news, state, places, webhooks } = this;
    const parts = { topics, answers, news, state, places, webhooks };
    this.desk = new HubDesk(parts, () => this.tellNodes());
  }

  get counters(): WorkerHubCounters {
    const { messages, deliveries } = this.topics;
    return { refusedLinks: this.refusedLinks, messages, deliveries };
  }

  /**
   * Opens the doors: a Unix socket that only this user can reach.
   * @returns what workers have to be told
   */
  listen(): Promise<WorkerBusAddress> {
    return (this.listening ??= this.open());
  }

  /** All workers are about to be stopped, for good: nobody comes after them. */
  expectEnd(): void {
    this.places.expectEnd();
    this.webhooks.expectEnd();
  }

  /** Closes all links and removes the socket. May be called again. */
  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private async open(): Promise<WorkerBusAddress> {
    const address = await this.door.open();
    this.timers.push(setInterval(() => this.beat(), this.heartbeatMs).unref());
    this.timers.push(setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref());
    return address;
  }

  private async end(): Promise<void> {
    await this.listening?.catch(() => undefined);
    for (const timer of this.timers) clearInterval(timer);
    for (const parting of this.partings) clearTimeout(parting);
    this.state.close();
    this.places.close();
    this.webhooks.end();
    for (const link of this.links) link.destroy();
    await this.door.close();
  }

  private accept(socket: Socket): void {
    const link = new HubLink(socket, this.options.bufferSize, {
      greet: (stranger, item) => this.greet(stranger, item),
      onItem: (worker, item) => this.desk.take(worker, item),
      onNumbered: (worker, topic, message) => this.topics.publishNumbered(worker, topic, message),
      onNamed: (_, topic, message) => this.topics.publish(topic, message),
      onClosed: (closed) => this.onClosed(closed),
      onFault: (_, error) => this.onFault(error),
    });
    this.links.add(link);
  }

  private greet(link: HubLink, item: unknown): HubWorker {
    const hello = readHello(item);
    if (hello === undefined) throw new StrangerError('That is no hello.');
    if (!this.door.isToken(hello.token)) throw new StrangerError('That is not the token.');
    if (hello.version !== BUS_VERSION) {
      throw new StrangerError(
        `Version ${hello.version} of the bus, where ${BUS_VERSION} is spoken.`,
      );
    }
    if (this.workers.has(hello.nodeId)) throw new StrangerError('That node is here already.');
    const worker = new HubWorker(hello, link);
    this.workers.set(hello.nodeId, worker);
    worker.say('welcome', this.nodes, this.heartbeatMs);
    this.tellNodes();
    this.news.add(worker);
    return worker;
  }

  private onFault(error: unknown): void {
    this.refusedLinks += 1;
    this.refusal.warn({ reason: error instanceof Error ? error.message : 'unknown' });
  }

  private onClosed(link: HubLink): void {
    this.links.delete(link);
    const { worker } = link;
    if (worker === undefined) return;
    this.workers.delete(worker.nodeId);
    this.topics.forget(worker);
    if (this.closing !== undefined) return;
    this.answers.forget(worker);
    this.news.remove(worker);
    this.tellNodes();
    this.clearAway(worker);
    this.webhooks.remove(worker);
    if (link.isSilent) this.report(worker);
  }

  /** Its connections are gone at once; its users and places too, unless it stopped in order. */
  private clearAway({ holding, hasSaidGoodbye, isLeaving, nodeId }: HubWorker): void {
    this.state.dropConnections(holding);
    if (hasSaidGoodbye || isLeaving) {
      const parting = setTimeout(() => {
        this.partings.delete(parting);
        this.drop(holding);
      }, HAND_OVER_MS);
      this.partings.add(parting.unref());
    } else {
      this.drop(holding);
    }
    if (hasSaidGoodbye) return;
    this.logger.log('A node is gone, and what it held was cleared away', { nodeId });
    this.news.tell({ kind: 'death' });
  }

  private drop(holding: NodeHolding): void {
    this.state.dropUsers(holding);
    this.places.drop(holding);
  }

  private report({ nodeId, pid }: HubWorker): void {
    this.logger.warn('A worker said nothing for too long, or did not read', { nodeId, pid });
    try {
      this.options.onSilent(pid);
    } catch (error) {
      this.logger.error('A silent worker could not be ended', error);
    }
  }

  private sweep(): void {
    this.state.sweep();
    this.answers.sweep();
    this.webhooks.sweep();
  }

  private beat(): void {
    for (const link of this.links) link.beat(HEARTBEATS_OF_LEASE);
  }

  private tellNodes(): void {
    const { nodes, leaving } = this;
    for (const worker of this.workers.values()) worker.say('nodes', nodes, leaving);
  }

  private tellRestored(): void {
    for (const worker of this.workers.values()) worker.say('restored');
  }

  private get nodes(): readonly string[] {
    const nodes: string[] = [];
    for (const { nodeId, isLeaving } of this.workers.values()) if (!isLeaving) nodes.push(nodeId);
    return nodes;
  }

  private get leaving(): readonly string[] {
    const leaving: string[] = [];
    for (const { nodeId, isLeaving } of this.workers.values()) if (isLeaving) leaving.push(nodeId);
    return leaving;
  }

  private get heartbeatMs(): number {
    return this.options.leaseMs / HEARTBEATS_OF_LEASE;
  }
}
