import type { Command, EntryKind, Subject } from './entry-kind.js';
import { EntryTooLargeError } from './bucket.js';
import { keyOf, type EntryStore } from './entry-store.js';
import { inChunks } from './in-chunks.js';

/** Whether a node holds nothing any more. */
export type IsGone = (nodeId: string) => boolean;

/**
 * Entries of one kind in which nodes hold shares. This node remembers its own: by that it answers
 * while NATS is away, and from that it puts things right afterwards.
 */
export abstract class Holdings<State> {
  /** What changed here while it could not be said. */
  private readonly touched = new Map<string, Subject>();

  constructor(
    protected readonly entries: EntryStore,
    protected readonly nodeId: string,
    protected readonly kind: EntryKind<State>,
  ) {}

  /** What this node holds a share in. */
  protected abstract held(): Iterable<Subject>;

  protected abstract holdersOf(state: State): Iterable<string>;

  /** Makes an entry say what this node holds of it, and tells what that changed. */
  protected abstract settle(subject: Subject): Promise<void>;

  /** Takes the shares of some nodes out of an entry, and tells what that changed. */
  protected abstract release(subject: Subject, isGone: IsGone): Promise<void>;

  /** Makes all entries say what this node holds, whatever they said before. */
  async reconcile(): Promise<void> {
    const holdsShare = (state: State) => [...this.holdersOf(state)].includes(this.nodeId);
    const found = await this.entries.scan(this.kind, ({ state }) => holdsShare(state));
    for (const { subject } of found) this.touch(subject);
    for (const subject of this.held()) this.touch(subject);
    while (this.touched.size > 0) await this.settleTouched();
  }

  /** Says what could not be said before. */
  async settleTouched(): Promise<void> {
    const subjects = [...this.touched.values()];
    this.touched.clear();
    await inChunks(subjects, async (subject) => {
      try {
        await this.settle(subject);
      } catch (error) {
        this.touch(subject);
        if (!(error instanceof EntryTooLargeError)) throw error;
        this.touched.delete(this.keyOf(subject));
        this.entries.complain(error);
      }
    });
  }

  /** Releases what was held by nodes that are gone. */
  async reap(readAll: () => Promise<ReadonlySet<string>>): Promise<void> {
    const before = await readAll();
    const isHeldByStranger = (state: State) =>
      [...this.holdersOf(state)].some((nodeId) => !before.has(nodeId));
    const found = await this.entries.scan(this.kind, ({ state }) => isHeldByStranger(state));
    if (found.length === 0) return;
    // A node enters before it holds anything: who is in here by now is alive.
    const alive = await readAll();
    await inChunks(found, ({ subject }) => this.release(subject, (nodeId) => !alive.has(nodeId)));
  }

  /** Makes a step of an entry; without NATS the fallback answers, and the entry is settled later. */
  protected ask<Answer>(
    subject: Subject,
    command: Command<State, Answer>,
    fallback: Answer,
  ): Promise<Answer> {
    return this.entries.ask(
      () => this.entries.change(this.kind, subject, command),
      () => {
        this.touch(subject);
        return fallback;
      },
    );
  }

  /** The entry has to be settled. */
  protected touch(subject: Subject): void {
    this.touched.set(this.keyOf(subject), subject);
  }

  protected keyOf(subject: Subject): string {
    return keyOf(this.kind, subject);
  }
}
