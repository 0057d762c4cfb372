import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ChannelManager } from '../../channels/channel.manager.js';
import { InspectorCounters } from '../../metrics/inspector-counters.js';
import { Drain } from '../../pusher/drain.js';
import { publishedEvent } from '../../pusher/protocol/server-frame.js';
import { ClusterService } from '../../scaling/cluster.service.js';
import type {
  InspectorRecord,
  RecordsFrame,
  TraceFannedOut,
  TracePart,
  Watch,
  WatchFilter,
} from '../contract.js';
import { FEED_EVENT, feedChannelOf, INSPECTOR_APP_ID } from '../feed-channel.js';
import { fitted } from './fitted-record.js';
import { LiveWatch } from './live-watch.js';
import { roughLengthOf } from './part-length.js';
import type { RecordSubject } from './watch-filter.js';
import { shareOf, type WatchShare } from './watch-share.js';

/** How often what was recorded is sent. */
const FLUSH_INTERVAL_MS = 200;
/** How long a watch lasts that is not renewed. */
const WATCH_LEASE_MS = 10_000;
/** On one node, of all pages. What is more is not watched. */
const MAX_WATCHES = 64;

/** What a record says besides what it is about. */
export type RecordDetails = Omit<InspectorRecord, 'id' | 'atMs' | keyof RecordSubject>;

/** Is told when somebody begins to watch, when nobody watches any more, and before each flush. */
export interface WatchListener {
  onWatched(): void;
  onUnwatched(): void;
  onFlush(): void;
}

/**
 * The watches of all pages on this node, whatever node they are connected to. While there is none
 * nothing runs, and nobody calls it.
 */
@Injectable()
export class WatchDesk implements OnApplicationShutdown {
  private readonly watches = new Map<string, LiveWatch>();
  private readonly listeners: WatchListener[] = [];
  private timer: NodeJS.Timeout | undefined;
  private lastId = 0;

  constructor(
    private readonly cluster: ClusterService,
    private readonly channels: ChannelManager,
    private readonly counters: InspectorCounters,
    private readonly drain: Drain,
  ) {
    // Pages of other nodes see how this one ends.
    drain.whenEmptied(() => this.flush());
  }

  onApplicationShutdown(): void {
    this.watches.clear();
    this.stopIfIdle();
  }

  listen(listener: WatchListener): void {
    this.listeners.push(listener);
  }

  /** Begins watches, or lets them go on, and ends others. @returns whether there was room for all */
  renew(watches: readonly Watch[], ended: readonly string[]): boolean {
    for (const id of ended) this.watches.delete(id);
    const expiresAtMs = performance.now() + WATCH_LEASE_MS;
    let hasRoom = true;
    for (const watch of watches) hasRoom = this.renewOne(watch, expiresAtMs) && hasRoom;
    this.counters.watches = this.watches.size;
    if (this.watches.size > 0) this.start();
    else this.stopIfIdle();
    return hasRoom;
  }

  /** Records something for those who want to see it. */
  record(subject: RecordSubject, details?: RecordDetails): void {
    const takers = this.takersOf(subject);
    if (takers !== undefined) this.recordFor(takers, subject, details);
  }

  /** Those who get a record of something; undefined for nobody. What is too much for one is counted for it. */
  takersOf(subject: RecordSubject): readonly LiveWatch[] | undefined {
    let takers: LiveWatch[] | undefined;
    for (const watch of this.watches.values()) {
      if (watch.takes(subject)) (takers ??= []).push(watch);
    }
    return takers;
  }

  /** As {@link record}, for those who take it. */
  recordFor(
    takers: readonly LiveWatch[],
    subject: RecordSubject,
    details: RecordDetails | undefined,
  ): void {
    const id = (this.lastId += 1);
    const whole: InspectorRecord = { id, atMs: Date.now(), ...subject, ...details };
    const { record, textLength } = fitted(whole);
    for (const watch of takers) watch.add(record, textLength);
  }

  /** Tells those of a step of an event who took a record of it. */
  trace(part: TracePart): void {
    const length = roughLengthOf(part);
    for (const watch of this.watches.values()) watch.addPart(part, length);
  }

  /** Tells those, too, who may have their record of it from another node. */
  traceFromElsewhere(part: TraceFannedOut, appId: string, exceptSocketId?: string): void {
    const length = roughLengthOf(part);
    for (const watch of this.watches.values()) {
      watch.addPartFromElsewhere(part, length, appId, exceptSocketId);
    }
  }

  private renewOne({ id, filter }: Watch, expiresAtMs: number): boolean {
    const known = this.watches.get(id);
    if (known !== undefined && isSame(known.filter, filter)) {
      known.expiresAtMs = expiresAtMs;
      return true;
    }
    if (known === undefined && this.watches.size >= MAX_WATCHES) return false;
    this.watches.set(id, new LiveWatch(feedChannelOf(id), filter, this.share, expiresAtMs));
    return true;
  }

  private start(): void {
    if (this.timer !== undefined) return;
    this.timer = setInterval(() => this.flush(), FLUSH_INTERVAL_MS).unref();
    for (const listener of this.listeners) listener.onWatched();
  }

  private stopIfIdle(): void {
    if (this.timer === undefined || this.watches.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
    for (const listener of this.listeners) listener.onUnwatched();
  }

  private flush(): void {
    if (this.timer === undefined) return;
    for (const listener of this.listeners) listener.onFlush();
    const { share } = this;
    const nowMs = performance.now();
    for (const [id, watch] of this.watches) {
      this.send(watch);
      watch.share = share;
      // Nobody renews the watches of a node that is going.
      if (watch.expiresAtMs <= nowMs && !this.drain.isDraining) this.watches.delete(id);
    }
    this.counters.watches = this.watches.size;
    this.stopIfIdle();
  }

  /** Nodes that cannot be reached do not reach a page of this one, either. */
  private get share(): WatchShare {
    const { status, nodes } = this.cluster;
    return shareOf(status === 'down' ? 1 : nodes.length);
  }

  private count(content: RecordsFrame | undefined): void {
    if (content === undefined) return;
    this.counters.records += content.records.length;
    for (const skipped of Object.values(content.skipped ?? {})) this.counters.skipped += skipped;
  }

  /** While other nodes are out of reach, only pages of this node get it: what waits for Redis is for events of clients. */
  private send(watch: LiveWatch): void {
    const { channel } = watch;
    const content = watch.flush(this.cluster.nodeId);
    this.count(content);
    if (content === undefined || !this.cluster.isWanted(INSPECTOR_APP_ID, channel)) return;
    const frame = publishedEvent(FEED_EVENT, channel, JSON.stringify(content));
    if (this.cluster.status === 'down') {
      this.channels.find(INSPECTOR_APP_ID, channel)?.broadcast(frame, undefined);
      return;
    }
    try {
      const sent = this.cluster.broadcast(INSPECTOR_APP_ID, channel, frame);
      // A page that misses something of the tail is nobody's loss.
      if (sent instanceof Promise) sent.catch(() => undefined);
    } catch {
      // There is no room: as above.
    }
  }
}

const isSame = (one: WatchFilter, other: WatchFilter) =>
  JSON.stringify(one) === JSON.stringify(other);
