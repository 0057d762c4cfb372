import {
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  MAX_DEAD_LETTERS,
  MAX_LANE_EVENTS,
  type DeadLetter,
  type WaitingEvent,
  type WebhookBatch,
  type WebhookEntry,
  type WebhookVerdict,
} from '../webhook-queue.js';
import { toExactText } from './exact-text.js';
import { KeyNames, type WebhookKeys } from './key-names.js';
import { BEGIN_BATCH, END_BATCH, QUEUE_WEBHOOKS, RESEND_DEAD } from './lua/webhooks.lua.js';
import type { RedisLink } from './redis-link.js';

/** What has no end of its own ends after this, should nobody touch it. */
const TTL_MS = 7 * 86_400_000;
/** A change of a place that comes later than this after the place was vacated is not known to be old. */
const GONE_MS = 600_000;

/** An entry of a node, with its number. */
export interface NumberedEntry extends WebhookEntry {
  readonly appId: string;
  /** Grows with each entry of the node. */
  readonly number: number;
}

/** The lanes as Redis has them. Everything rejects when Redis cannot be asked. */
export class WebhookLanes {
  readonly keys: WebhookKeys;
  private readonly queueScript;
  private readonly beginScript;
  private readonly endScript;
  private readonly resendScript;

  /** To be made before the link is opened. */
  constructor(private readonly link: RedisLink) {
    this.keys = new KeyNames(link.prefix).webhooks;
    this.queueScript = link.defineScript<[number, ...string[]]>(QUEUE_WEBHOOKS);
    this.beginScript = link.defineScript<[number, ...string[]]>(BEGIN_BATCH);
    this.endScript = link.defineScript<number>(END_BATCH);
    this.resendScript = link.defineScript<[number, ...string[]]>(RESEND_DEAD);
  }

  /** Puts entries into lanes; one that was put there before is left out. */
  async queue(entries: readonly NumberedEntry[]): Promise<{ full: number; lanes: string[] }> {
    const { lanes, told, gone, lane, origin } = this.keys;
    const keys = [lanes, told, gone, origin(this.link.nodeId)];
    const limits = [lane, MAX_LANE_EVENTS, TTL_MS, GONE_MS];
    const args = [...limits, ...entries.flatMap(argumentsOf)];
    const [full, ...touched] = await this.queueScript(keys, ...args);
    return { full, lanes: touched };
  }

  /** Lanes in which events wait. */
  waiting(): Promise<string[]> {
    return this.link.commands.smembers(this.keys.lanes);
  }

  /** How many events wait in a lane. */
  lengthOf(lane: string): Promise<number> {
    return this.link.commands.llen(this.keys.lane + lane);
  }

  /** Begins a batch, by a name that no other has: whoever was at work on the lane is not any more. */
  async begin(lane: string, owner: string): Promise<WebhookBatch | undefined> {
    const keys = [this.keys.lane + lane, this.keys.state(lane), this.keys.lanes];
    const args = [owner, MAX_BATCH_EVENTS, MAX_BATCH_BYTES, TTL_MS, lane];
    const [failures, ...events] = await this.beginScript(keys, ...args);
    if (events.length === 0) return undefined;
    const [appId, endpointId] = readLane(lane);
    return { appId, endpointId, failures, events: events.map(readEvent) };
  }

  /** Ends a batch. @returns how many events are left, undefined when it was ended, or is somebody else's now */
  async end(lane: string, owner: string, verdict: WebhookVerdict): Promise<number | undefined> {
    const { taken, deathCause = '', isFailure, limit = '' } = verdict;
    const { keys } = this;
    const [appId] = readLane(lane);
    const all = [keys.lane + lane, keys.state(lane), keys.lanes];
    all.push(keys.dead(appId), keys.order(appId), keys.serial);
    const args = [owner, lane, TTL_MS, taken, deathCause, isFailure ? 1 : 0, limit];
    const left = await this.endScript(all, ...args, MAX_DEAD_LETTERS);
    return left < 0 ? undefined : left;
  }

  /** The dead letters of an application, the oldest first. */
  async deadLetters(appId: string): Promise<readonly DeadLetter[]> {
    const letters = Object.entries(await this.link.commands.hgetall(this.keys.dead(appId)));
    return letters
      .map(([id, letter]) => readLetter(id, letter))
      .sort((one, other) => Number(one.id) - Number(other.id));
  }

  /** Puts dead letters at the end of their lanes. */
  async resend(
    appId: string,
    ids: readonly string[],
  ): Promise<{ count: number; lanes: readonly string[] }> {
    const { lanes, lane, dead, order } = this.keys;
    const keys = [dead(appId), order(appId), lanes];
    const args = [lane, MAX_LANE_EVENTS, TTL_MS, ...ids];
    const [count, ...touched] = await this.resendScript(keys, ...args);
    return { count, lanes: touched };
  }

  /** Puts off the end of keys that nobody else does. */
  async keep(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.link.commands.pexpire(name, TTL_MS)));
  }
}

function argumentsOf(entry: NumberedEntry): (string | number)[] {
  const { appId, number, event, atMs, change, endpointIds } = entry;
  const lanes = endpointIds.map((endpointId) => `${appId} ${endpointId}`);
  const place = change === undefined ? '' : toExactText(`${appId} ${change.place}`);
  const state = change?.isOccupied === true ? 1 : 0;
  const told = [place, state, change?.version ?? 0];
  return [number, `${atMs} ${atMs} ${event}`, ...told, lanes.length, ...lanes];
}

function readLane(lane: string): [appId: string, endpointId: string] {
  const blank = lane.lastIndexOf(' ');
  return [lane.slice(0, blank), lane.slice(blank + 1)];
}

function readEvent(text: string): WaitingEvent {
  const [, atMs, queuedMs, event = ''] = /^(\d+) (\d+) (.*)$/s.exec(text) ?? [];
  return { atMs: Number(atMs), queuedMs: Number(queuedMs), event };
}

function readLetter(id: string, text: string): DeadLetter {
  const [lane, deadMs, attempts, cause, event] = JSON.parse(text) as string[];
  const { atMs, event: json } = readEvent(event!);
  const [, endpointId] = readLane(lane!);
  const counts = { deadMs: Number(deadMs), attempts: Number(attempts), atMs };
  return { id, endpointId, event: json, cause: cause!, ...counts };
}
