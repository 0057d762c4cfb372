import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { LinkDownError, type NatsLink } from '../nats-link.js';
import { safePrefix, tokenOf } from '../subject-token.js';
import { Bucket, EntryTooLargeError } from './bucket.js';
import { unchanged, type Command, type EntryKind, type Subject } from './entry-kind.js';
import { inChunks } from './in-chunks.js';
import { Leftovers } from './leftovers.js';
import { ServerClock } from './server-clock.js';

/** An entry as it was found. */
export interface FoundEntry<State> {
  readonly subject: Subject;
  readonly state: State;
}

/** A call that waits for its turn. */
interface Call<State> {
  readonly command: Command<State, unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The calls for one entry. */
interface Queue<State> {
  readonly kind: EntryKind<State>;
  readonly subject: Subject;
  readonly key: string;
  readonly calls: Call<State>[];
}

const MAX_REST_MS = 64;

/**
 * Entries that all nodes share, each changed by comparing and setting: read, changed by a command in
 * memory, and written if nobody else has written meanwhile, else all over again. What this node calls
 * for one entry is done in the order of the calls, and written together: so only nodes compete, however
 * many clients there are.
 */
export class EntryStore {
  readonly clock = new ServerClock();
  private readonly logger = new Logger(EntryStore.name);
  private readonly bucket: Bucket;
  private readonly queues = new Map<string, Queue<never>>();
  private readonly leftovers = new Leftovers();
  private leaseEndMs = Infinity;

  constructor(
    private readonly link: NatsLink,
    prefix: string,
  ) {
    this.bucket = new Bucket(link, safePrefix(prefix));
    link.onDown(() => this.abandon());
  }

  /** To be done each time NATS is there again. */
  open(): Promise<void> {
    return this.bucket.open();
  }

  /** This node is alive until then, on the clock of `performance`; later the others count it as dead. */
  set leaseEnd(endMs: number) {
    this.leaseEndMs = endMs;
  }

  /** NATS can be asked, and the others count on this node. */
  get isUsable(): boolean {
    if (this.link.status !== 'up') return false;
    if (performance.now() < this.leaseEndMs) return true;
    this.link.fail(new Error('This node was not heard of for too long.'));
    return false;
  }

  /** Asks NATS. When it is out of reach, or gets there before it has answered, the fallback answers. */
  async ask<Answer>(question: () => Promise<Answer>, fallback: () => Answer): Promise<Answer> {
    if (!this.isUsable) return fallback();
    try {
      return await question();
    } catch (error) {
      this.complain(error);
      return fallback();
    }
  }

  /** Something failed: it was too large, or NATS cannot be worked with and has to be connected to anew. */
  complain(error: unknown): void {
    if (error instanceof EntryTooLargeError) this.logger.error(error.message);
    else if (!(error instanceof LinkDownError)) this.link.fail(error as Error);
  }

  /**
   * Makes a step of one entry, and resolves with its answer when it was written.
   * @throws EntryTooLargeError when NATS takes no entry that large
   */
  change<State, Answer>(
    kind: EntryKind<State>,
    subject: Subject,
    command: Command<State, Answer>,
  ): Promise<Answer> {
    const key = keyOf(kind, subject);
    return new Promise((resolve, reject) => {
      const call = { command, resolve, reject } as Call<never>;
      const former = this.queues.get(key);
      if (former !== undefined) return void former.calls.push(call);
      const queue = { kind, subject, key, calls: [call] } as unknown as Queue<never>;
      this.queues.set(key, queue);
      void this.work(queue);
    });
  }

  /** Reads an entry, behind what this node called for it before. */
  look<State, Answer>(
    kind: EntryKind<State>,
    subject: Subject,
    read: (state: State) => Answer,
  ): Promise<Answer> {
    return this.change(kind, subject, (state) => unchanged(read(state)));
  }

  /** Finds the entries of a kind that fit, those of one application if it is given. */
  async scan<State>(
    kind: EntryKind<State>,
    fits: (found: FoundEntry<State>) => boolean,
    appId?: string,
  ): Promise<readonly FoundEntry<State>[]> {
    const under = appId === undefined ? kind.name : `${kind.name}.${tokenOf(appId)}`;
    const nowMs = this.clock.nowMs();
    const entries = (await this.bucket.list(under)).map(({ key, revision, json }) => {
      const found = readEntry(kind, json);
      // It may have been left by a node that died.
      this.leftovers.note(key, revision, kind.remainingMs(found.state, nowMs));
      return found;
    });
    return entries.filter(fits);
  }

  /** Takes the time of the server from an entry that was written just now. */
  async syncClock<State>(kind: EntryKind<State>, subject: Subject): Promise<void> {
    const entry = await this.bucket.get(keyOf(kind, subject));
    if (entry !== undefined) this.clock.sync(entry.writtenMs);
  }

  /** Removes entries that are of no use any more. */
  async clearAway(): Promise<void> {
    await inChunks(this.leftovers.takeDue(), (revision) => this.bucket.remove(revision));
  }

  /** NATS is gone: nobody waits for it, and nothing that was begun is finished later. */
  private abandon(): void {
    const queues = [...this.queues.values()];
    this.queues.clear();
    this.leftovers.clear();
    for (const { reject } of queues.flatMap(({ calls }) => calls)) {
      reject(new LinkDownError('NATS is out of reach.'));
    }
  }

  /** Does what waits for an entry, and what comes meanwhile. */
  private async work<State>(queue: Queue<State>): Promise<void> {
    // What is called in one turn is done together.
    await Promise.resolve();
    while (this.isCurrent(queue) && queue.calls.length > 0) {
      await this.settle(queue, queue.calls.splice(0));
    }
    if (this.isCurrent(queue)) this.queues.delete(queue.key);
  }

  private async settle<State>(queue: Queue<State>, calls: readonly Call<State>[]): Promise<void> {
    try {
      const answers = await this.apply(queue, calls);
      calls.forEach(({ resolve }, i) => resolve(answers[i]));
    } catch (error) {
      const mayBeOneOfThem = error instanceof EntryTooLargeError && calls.length > 1;
      if (!mayBeOneOfThem) return calls.forEach(({ reject }) => reject(error));
      for (const call of calls) await this.settle(queue, [call]);
    }
  }

  private async apply<State>(
    queue: Queue<State>,
    calls: readonly Call<State>[],
  ): Promise<readonly unknown[]> {
    const { kind, key } = queue;
    for (let restMs = 1; ; restMs = Math.min(restMs * 2, MAX_REST_MS)) {
      const entry = await this.bucket.get(key);
      if (!this.isCurrent(queue)) throw new LinkDownError('NATS was out of reach.');
      const state = entry?.json === undefined ? kind.create() : readEntry(kind, entry.json).state;
      const outcomes = calls.map(({ command }) => command(state));
      const isChanged = outcomes.some((outcome) => outcome.isChanged);
      if (!isChanged || (await this.write(queue, state, entry?.revision ?? 0))) {
        return outcomes.map(({ answer }) => answer);
      }
      await sleep(Math.random() * restMs);
    }
  }

  /** @returns false when another node was faster */
  private async write<State>(
    { kind, subject, key }: Queue<State>,
    state: State,
    revision: number,
  ): Promise<boolean> {
    const remainingMs = kind.remainingMs(state, this.clock.nowMs());
    if (remainingMs <= 0) return revision === 0 || this.bucket.remove(revision);
    const json = [subject.appId, subject.name, kind.toJson(state)];
    const written = await this.bucket.put(key, json, revision);
    if (written !== undefined) this.leftovers.note(key, written, remainingMs);
    return written !== undefined;
  }

  private isCurrent<State>(queue: Queue<State>): boolean {
    return this.queues.get(queue.key) === (queue as unknown);
  }
}

/** The key of an entry. */
export function keyOf(kind: { readonly name: string }, { appId, name }: Subject): string {
  return `${kind.name}.${tokenOf(appId)}.${tokenOf(name)}`;
}

function readEntry<State>(kind: EntryKind<State>, json: unknown): FoundEntry<State> {
  const [appId, name, state] = json as [string, string, unknown];
  return { subject: { appId, name }, state: kind.fromJson(state) };
}
