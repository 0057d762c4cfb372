import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { MemoryWebhookLane } from './memory-webhook-lane.js';
import { RareWarning } from './rare-warning.js';
import {
  MAX_DEAD_LETTERS,
  WebhookQueue,
  type DeadLetter,
  type WaitingEvent,
  type WebhookEntry,
  type WebhookLane,
  type WebhookQueueOptions,
  type WebhookVerdict,
} from './webhook-queue.js';

/** Of the events of all lanes, and of dead letters, which make room. */
const MAX_BYTES = 67_108_864;

/** A lane, and what it waits for. */
interface Track {
  readonly lane: MemoryWebhookLane;
  isBusy: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** The driver of a node that is alone, or shares no queue: what was not delivered is lost with the process. */
@Injectable()
export class MemoryWebhookQueue extends WebhookQueue implements OnApplicationShutdown {
  override dropped = 0;
  private readonly tracks = new Map<string, Track>();
  private readonly dead = new Map<string, Map<string, DeadLetter>>();
  private readonly full = new RareWarning(new Logger('Webhooks'), 'A queue of webhooks is full');
  private options: WebhookQueueOptions | undefined;
  private serial = 0;
  private bytes = 0;
  private isClosing = false;
  private isClosed = false;
  private whenIdle: () => void = () => undefined;

  override open(options: WebhookQueueOptions): void {
    this.options = options;
  }

  override append(appId: string, entries: readonly WebhookEntry[]): void {
    if (this.isClosed) return;
    for (const { endpointIds, event, atMs } of entries) {
      for (const endpointId of endpointIds) {
        this.push({ appId, endpointId }, { atMs, queuedMs: atMs, event });
      }
    }
  }

  override deadLetters(appId: string): readonly DeadLetter[] {
    return [...(this.dead.get(appId)?.values() ?? [])];
  }

  override resend(appId: string, ids: readonly string[]): number {
    const letters = this.dead.get(appId);
    let count = 0;
    for (const id of ids) {
      const letter = letters?.get(id);
      if (letter === undefined) continue;
      const { endpointId, event, atMs } = letter;
      const lane = { appId, endpointId };
      if (this.tracks.get(keyOf(lane))?.lane.isFull) continue;
      this.forget(letters!, letter);
      if (this.push(lane, { atMs, queuedMs: Date.now(), event })) count++;
    }
    return count;
  }

  override length(): number {
    let length = 0;
    for (const { lane } of this.tracks.values()) length += lane.length;
    return length;
  }

  /** Tries each lane once more, and goes on with those that work. */
  override async close(withinMs: number): Promise<number> {
    this.isClosing = true;
    for (const track of this.tracks.values()) this.begin(track, 0);
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(resolve, withinMs);
      this.whenIdle = () => {
        clearTimeout(deadline);
        resolve();
      };
      this.tellIfIdle();
    });
    this.onApplicationShutdown();
    return this.length();
  }

  onApplicationShutdown(): void {
    this.isClosing = true;
    this.isClosed = true;
    for (const { timer } of this.tracks.values()) clearTimeout(timer);
  }

  private push(name: WebhookLane, event: WaitingEvent): boolean {
    const track = this.trackOf(name);
    const size = event.event.length;
    if (track.lane.isFull || !this.makeRoom(size)) {
      this.dropped++;
      this.full.warn({ ...name, dropped: this.dropped });
      return false;
    }
    track.lane.push(event);
    this.bytes += size;
    if (track.timer !== undefined) return true;
    // What comes in one turn is delivered together.
    this.begin(track, this.isClosing ? 0 : this.options!.batchWindowMs);
    return true;
  }

  private begin(track: Track, waitMs: number): void {
    if (track.isBusy || this.isClosed) return;
    clearTimeout(track.timer);
    track.timer = setTimeout(() => void this.run(track), waitMs);
    // A process with nothing else to do does not stay for a retry.
    track.timer.unref();
  }

  private async run(track: Track): Promise<void> {
    track.timer = undefined;
    track.isBusy = true;
    const pauseMs = await this.deliverAll(track);
    track.isBusy = false;
    if (track.lane.length === 0) this.tracks.delete(keyOf(track.lane.name));
    else if (pauseMs === 0 || !this.isClosing) this.begin(track, pauseMs);
    this.tellIfIdle();
  }

  /** @returns how long to wait for the next attempt; 0 when there is nothing left */
  private async deliverAll({ lane }: Track): Promise<number> {
    const { deliver, batchWindowMs } = this.options!;
    while (!this.isClosed) {
      const waitMs = this.isClosing ? 0 : lane.waitMs(batchWindowMs, Date.now());
      if (waitMs > 0) return waitMs;
      const batch = lane.batch();
      if (batch === undefined) return 0;
      const verdict = await deliver(batch);
      if (this.isClosed) return 0;
      this.settle(lane, verdict, batch.failures + 1);
      if (verdict.pauseMs > 0) return verdict.pauseMs;
    }
    return 0;
  }

  private settle(lane: MemoryWebhookLane, verdict: WebhookVerdict, attempts: number): void {
    const { appId, endpointId } = lane.name;
    for (const { event, atMs } of lane.settle(verdict)) {
      if (verdict.deathCause === undefined) this.bytes -= event.length;
      else this.bury(appId, { endpointId, event, atMs, attempts, cause: verdict.deathCause });
    }
  }

  private bury(appId: string, letter: Omit<DeadLetter, 'id' | 'deadMs'>): void {
    let letters = this.dead.get(appId);
    if (letters === undefined) this.dead.set(appId, (letters = new Map<string, DeadLetter>()));
    const id = String(++this.serial);
    letters.set(id, { id, deadMs: Date.now(), ...letter });
    if (letters.size <= MAX_DEAD_LETTERS) return;
    const [oldest] = letters.values();
    this.forget(letters, oldest!);
  }

  /** What waits matters more than what was given up. @returns whether there is room */
  private makeRoom(size: number): boolean {
    while (this.bytes + size > MAX_BYTES) {
      const [largest] = [...this.dead.values()].sort((one, other) => other.size - one.size);
      const [oldest] = largest?.values() ?? [];
      if (oldest === undefined) return false;
      this.forget(largest!, oldest);
    }
    return true;
  }

  private forget(letters: Map<string, DeadLetter>, { id, event }: DeadLetter): void {
    letters.delete(id);
    this.bytes -= event.length;
  }

  private trackOf(name: WebhookLane): Track {
    const key = keyOf(name);
    let track = this.tracks.get(key);
    if (track === undefined) {
      track = { lane: new MemoryWebhookLane(name), isBusy: false, timer: undefined };
      this.tracks.set(key, track);
    }
    return track;
  }

  private tellIfIdle(): void {
    if (!this.isClosing) return;
    for (const { isBusy, timer } of this.tracks.values()) {
      if (isBusy || timer !== undefined) return;
    }
    this.whenIdle();
  }
}

const keyOf = ({ appId, endpointId }: WebhookLane) => `${appId} ${endpointId}`;
