import type { Json, ReceivedFrame } from './pusher-client.js';

/** The event that carries a {@link Numbered}, published over HTTP or, as `client-numbered`, by a client. */
export const NUMBERED = 'numbered';

/** What events of the model carry: publishers count their own events, and publish one after the other. */
export interface Numbered {
  readonly publisher: string;
  readonly number: number;
}

/** Names an event in the whole cluster. */
export const idOf = ({ publisher, number }: Numbered): string => `${publisher}#${number}`;

/** An event that arrived. */
export interface Heard {
  readonly id: string;
  readonly atMs: number;
}

/** A subscription, in the time of who made it. */
export interface Stay {
  readonly askedMs: number;
  /** The success arrived. */
  readonly sinceMs: number;
  /** When the unsubscribe was sent, and was certainly dealt with; Infinity before. */
  untilMs: number;
  goneMs: number;
  /** All events, in the order of arrival. */
  readonly heard: Heard[];
}

/**
 * Listens to what one connection is told of one channel, and throws when it contradicts what was told
 * before: members come and go by turns, nobody comes twice, nothing is told to who is not subscribed,
 * events of one publisher arrive in order and once. Pure.
 */
export class ChannelEar {
  readonly stays: Stay[] = [];
  private readonly asks: number[] = [];
  private readonly latest = new Map<string, number>();
  private members: Set<string> | undefined;
  private stay: Stay | undefined;
  /** The next event may be the one that the channel remembers. */
  private isMemoryDue = false;

  constructor(
    readonly channel: string,
    private readonly userId: string,
  ) {}

  /** The subscription of the moment. */
  get currentStay(): Stay | undefined {
    return this.stay;
  }

  /** Ids of all events, in the order of arrival. */
  get events(): readonly string[] {
    return this.stays.flatMap(({ heard }) => heard.map(({ id }) => id));
  }

  /** Who is in the presence channel. */
  get roster(): readonly string[] {
    return [...(this.members ?? [])].sort();
  }

  /** Subscribes that were not answered yet. */
  get awaitedAnswers(): number {
    return this.asks.length;
  }

  /** A subscribe was sent. */
  asked(atMs: number): void {
    this.asks.push(atMs);
  }

  /** An unsubscribe that was sent has been dealt with. */
  left(sentMs: number, goneMs: number): void {
    if (this.stay !== undefined) Object.assign(this.stay, { untilMs: sentMs, goneMs });
    this.stay = undefined;
    this.members = undefined;
  }

  hear(frame: ReceivedFrame): void {
    const { event, json, atMs } = frame;
    if (event === 'pusher_internal:subscription_succeeded') return this.enter(frame);
    if (this.stay === undefined) throw this.broken(`got ${event} without being subscribed`);
    if (event === 'pusher:cache_miss') this.forgetMemory('a miss came after something else');
    else if (event === 'pusher_internal:member_added') this.add(String(json.user_id));
    else if (event === 'pusher_internal:member_removed') this.remove(String(json.user_id));
    else if (event.endsWith(NUMBERED)) this.hearEvent(json as Numbered, atMs);
    else throw this.broken(`got ${frame.raw}`);
  }

  private enter({ json, atMs }: ReceivedFrame): void {
    const askedMs = this.asks.shift();
    if (askedMs === undefined) throw this.broken('was let in without asking');
    const { presence } = json;
    const former = this.roster.join();
    if (presence !== undefined) this.members = this.rosterOf(presence);
    if (this.stay === undefined) {
      this.stay = { askedMs, sinceMs: atMs, untilMs: Infinity, goneMs: Infinity, heard: [] };
      this.stays.push(this.stay);
      this.isMemoryDue = /^(private-|presence-)?cache-/.test(this.channel);
    } else if (this.roster.join() !== former) {
      throw this.broken(`knew ${former} and was answered ${this.roster.join()}`);
    }
  }

  private rosterOf({ ids, hash, count }: Json): Set<string> {
    const roster = new Set<string>(ids.map(String));
    const isSound = roster.size === ids.length && count === ids.length;
    if (!isSound || Object.keys(hash).sort().join() !== [...roster].sort().join()) {
      throw this.broken(`got an unsound roster ${JSON.stringify(ids)}`);
    }
    if (!roster.has(this.userId)) throw this.broken('got a roster without itself');
    return roster;
  }

  private add(userId: string): void {
    if (this.members?.has(userId)) throw this.broken(`was told twice that ${userId} is there`);
    this.members?.add(userId);
  }

  private remove(userId: string): void {
    if (userId === this.userId) throw this.broken('was told to be gone itself');
    if (this.members?.delete(userId)) return;
    throw this.broken(`was told that ${userId} left, who was not there`);
  }

  private hearEvent(numbered: Numbered, atMs: number): void {
    const { publisher, number } = numbered;
    const isMemory = this.isMemoryDue;
    this.isMemoryDue = false;
    this.stay!.heard.push({ id: idOf(numbered), atMs });
    // It may be old, and come once more if it is just being published.
    if (isMemory) return;
    const latest = this.latest.get(publisher) ?? -1;
    if (number === latest) throw this.broken(`got ${idOf(numbered)} twice`);
    if (number < latest) throw this.broken(`got ${idOf(numbered)} after number ${latest}`);
    this.latest.set(publisher, number);
  }

  private forgetMemory(fault: string): void {
    if (!this.isMemoryDue) throw this.broken(fault);
    this.isMemoryDue = false;
  }

  private broken(what: string): Error {
    return new Error(`A connection of ${this.userId} in ${this.channel} ${what}.`);
  }
}

/** An unsubscribe, and the ping that was sent behind it. */
interface Farewell {
  readonly channel: string;
  readonly sentMs: number;
}

/** Listens to all that one connection is told; see {@link ChannelEar}. Pure. */
export class ConnectionEar {
  private readonly channels = new Map<string, ChannelEar>();
  /** Behind every unsubscribe goes a ping, whose pong says that it was dealt with. */
  private readonly farewells: Farewell[] = [];
  private readonly watched = new Set<string>();

  constructor(private readonly userId: string) {}

  of(channel: string): ChannelEar {
    let ear = this.channels.get(channel);
    if (ear === undefined) this.channels.set(channel, (ear = new ChannelEar(channel, this.userId)));
    return ear;
  }

  get all(): Iterable<ChannelEar> {
    return this.channels.values();
  }

  /** Those on the watchlist who are online, as it was told. */
  get online(): readonly string[] {
    return [...this.watched].sort();
  }

  /** All that was asked has been answered. */
  get isSettled(): boolean {
    return this.farewells.length === 0 && [...this.all].every((ear) => ear.awaitedAnswers === 0);
  }

  /** An unsubscribe was sent, and a ping behind it. */
  saidFarewell(channel: string, sentMs: number): void {
    this.farewells.push({ channel, sentMs });
  }

  hear(frame: ReceivedFrame): void {
    const { event, channel, atMs, json, raw } = frame;
    if (event === 'pusher:error' || event === 'pusher:subscription_error') {
      // Who is sent away in order is told why.
      if (json.message === 'Server closed. Please reconnect shortly.') return;
      throw new Error(`A connection of ${this.userId} was told ${raw}.`);
    } else if (event === 'pusher:pong') {
      const farewell = this.farewells.shift();
      if (farewell !== undefined) this.of(farewell.channel).left(farewell.sentMs, atMs);
    } else if (event === 'pusher_internal:watchlist_events') {
      for (const { name, user_ids } of json.events) this.hearStatus(name, user_ids);
    } else if (channel !== undefined) {
      this.of(channel).hear(frame);
    }
  }

  private hearStatus(name: string, userIds: readonly string[]): void {
    for (const id of userIds) {
      const isNews = name === 'online' ? !this.watched.has(id) : this.watched.delete(id);
      if (!isNews) throw new Error(`A connection of ${this.userId} was told twice: ${id} ${name}.`);
      if (name === 'online') this.watched.add(id);
    }
  }
}
