import type { EntryKind, Subject } from './entry-kind.js';
import type { EntryStore } from './entry-store.js';
import { Holdings, type IsGone } from './holdings.js';
import { inChunks } from './in-chunks.js';
import {
  dropShares,
  endGrace,
  holdShare,
  isOnline,
  signIn,
  signOut,
  userKind,
  type UserShare,
  type UserState,
} from './user.js';

/** A user who is signed in on this node, or whose grace ends here. */
interface OwnUser {
  readonly subject: Subject;
  readonly socketIds: Set<string>;
  grace: { readonly endMs: number; readonly timer: NodeJS.Timeout } | undefined;
}

/** What comes and goes like users. */
export interface UsersKind {
  readonly entry: EntryKind<UserState>;
  /** While NATS is away it counts what this node knows. Else nothing is said until it is back. */
  readonly isKnownAlone: boolean;
}

/** Those who are signed in. */
export const USERS: UsersKind = { entry: userKind('user'), isKnownAlone: true };

/** Places that somebody is in. */
export const PLACES: UsersKind = { entry: userKind('place'), isKnownAlone: false };

/** Knows who is signed in, or which places are occupied. */
export class Users extends Holdings<UserState> {
  private readonly own = new Map<string, OwnUser>();

  /** @param tell called with who is offline, or online again, although nobody called for it */
  constructor(
    entries: EntryStore,
    nodeId: string,
    private readonly users: UsersKind,
    private readonly tell: (appId: string, userId: string, isOnline: boolean) => void,
  ) {
    super(entries, nodeId, users.entry);
  }

  /** @returns whether the user was offline */
  signIn(subject: Subject, socketId: string): Promise<boolean> {
    const key = this.keyOf(subject);
    const former = this.own.get(key);
    const own = former ?? { subject, socketIds: new Set<string>(), grace: undefined };
    clearTimeout(own.grace?.timer);
    own.grace = undefined;
    own.socketIds.add(socketId);
    this.own.set(key, own);
    const isFirst = former === undefined && this.users.isKnownAlone;
    return this.ask(subject, signIn(this.nodeId), isFirst);
  }

  async signOut(subject: Subject, socketId: string, graceMs: number): Promise<void> {
    const own = this.own.get(this.keyOf(subject));
    if (!own?.socketIds.delete(socketId) || own.socketIds.size > 0) return;
    const endMs = this.entries.clock.nowMs() + graceMs;
    const timer = setTimeout(() => void this.endGrace(own), graceMs).unref();
    const grace = { endMs, timer };
    own.grace = grace;
    const isGone = await this.ask(subject, signOut(this.nodeId, endMs), true);
    if (!isGone && own.grace === grace) this.forget(own);
  }

  /** Those who are online, in the order asked. */
  async online(appId: string, userIds: readonly string[]): Promise<readonly string[]> {
    const answers = await inChunks(userIds, (name) => this.isOnline({ appId, name }));
    return userIds.filter((_, i) => answers[i]);
  }

  /** Waits for no grace any more. */
  stop(): void {
    for (const { grace } of this.own.values()) clearTimeout(grace?.timer);
  }

  protected override *held(): Iterable<Subject> {
    for (const { subject } of this.own.values()) yield subject;
  }

  protected override *holdersOf({ nodeIds, grace }: UserState): Iterable<string> {
    yield* nodeIds;
    if (grace !== null) yield grace.nodeId;
  }

  protected override async settle(subject: Subject): Promise<void> {
    const command = holdShare(this.nodeId, this.shareOf(subject));
    const news = await this.entries.change(this.kind, subject, command);
    if (news !== undefined) this.tell(subject.appId, subject.name, news);
  }

  protected override async release(subject: Subject, isGone: IsGone): Promise<void> {
    const isOffline = await this.entries.change(this.kind, subject, dropShares(isGone));
    if (isOffline) this.tell(subject.appId, subject.name, false);
  }

  private isOnline(subject: Subject): Promise<boolean> {
    return this.entries.ask(
      () => this.entries.look(this.kind, subject, isOnline),
      () => this.own.has(this.keyOf(subject)),
    );
  }

  private async endGrace(own: OwnUser): Promise<void> {
    this.forget(own);
    const { subject } = own;
    const { isKnownAlone } = this.users;
    const isOffline = await this.ask(subject, endGrace(this.nodeId), isKnownAlone);
    if (isOffline) this.tell(subject.appId, subject.name, false);
  }

  private shareOf(subject: Subject): UserShare {
    const own = this.own.get(this.keyOf(subject));
    if (own?.grace !== undefined) return { graceEndMs: own.grace.endMs };
    return own === undefined ? undefined : 'signed in';
  }

  private forget(own: OwnUser): void {
    clearTimeout(own.grace?.timer);
    own.grace = undefined;
    const key = this.keyOf(own.subject);
    if (this.own.get(key) === own) this.own.delete(key);
  }
}
