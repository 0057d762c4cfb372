import {
  UNKNOWN_VERSION,
  type JoinOutcome,
  type LeaveOutcome,
  type Member,
  type MembersChange,
  type Roster,
} from 'revurb';
import { EntryTooLargeError } from './bucket.js';
import { unchanged, type Command, type Subject } from './entry-kind.js';
import type { EntryStore } from './entry-store.js';
import { Holdings, type IsGone } from './holdings.js';
import {
  hold,
  holdExactly,
  letGo,
  letGoOf,
  ROSTER,
  type RosterChange,
  type RosterState,
} from './roster.js';

/** A user in a presence channel who is connected to this node. */
interface OwnMember {
  readonly member: Member;
  readonly socketIds: Set<string>;
  /** Joins that were not answered yet: it may be refused. */
  undecided: number;
}

/** A presence channel with connections of this node. */
interface OwnRoster {
  readonly subject: Subject;
  readonly users: Map<string, OwnMember>;
}

/** Users of one message about a change: with all of a large channel it would be too large. */
const MAX_TOLD = 100;

/** Knows who is in the presence channels. */
export class Rosters extends Holdings<RosterState> {
  private readonly own = new Map<string, OwnRoster>();

  /** @param tell called with what changed although nobody called for it */
  constructor(
    entries: EntryStore,
    nodeId: string,
    private readonly tell: (change: MembersChange) => void,
  ) {
    super(entries, nodeId, ROSTER);
  }

  async join(
    subject: Subject,
    socketId: string,
    member: Member,
    limit: number,
  ): Promise<JoinOutcome> {
    const own = this.own.get(this.keyOf(subject));
    const isFirst = !own?.users.has(member.userId);
    const isFullHere = isFirst && limit > 0 && (own?.users.size ?? 0) >= limit;
    if (isFullHere && !this.entries.isUsable) return { isFull: true };
    const user = this.remember(subject, socketId, member);
    const command = hold(this.nodeId, member, limit, this.entries.clock.nowMs());
    user.undecided++;
    const outcome = await this.askToJoin(subject, command, isFirst);
    user.undecided--;
    if (outcome.isFull) this.forget(subject, socketId, member.userId);
    return outcome;
  }

  leave(subject: Subject, socketId: string, userId: string): Promise<LeaveOutcome> {
    const isLast = this.forget(subject, socketId, userId);
    const look: Command<RosterState, LeaveOutcome> = ({ version }) =>
      unchanged({ isLast: false, version });
    const command = isLast ? letGo(this.nodeId, userId) : look;
    return this.ask(subject, command, { isLast, version: UNKNOWN_VERSION });
  }

  /** Everybody; undefined when the version is known. */
  roster(subject: Subject, knownVersion: number | undefined): Promise<Roster | undefined> {
    return this.entries.ask(
      () =>
        this.entries.look(this.kind, subject, ({ version, users }) => {
          const members = () => Array.from(users.values(), ({ member }) => member);
          return version === knownVersion ? undefined : { version, members: members() };
        }),
      () => ({ version: UNKNOWN_VERSION, members: this.ownMembers(subject) }),
    );
  }

  userIds(subject: Subject): Promise<readonly string[]> {
    return this.entries.ask(
      () => this.entries.look(this.kind, subject, ({ users }) => [...users.keys()]),
      () => this.ownMembers(subject).map(({ userId }) => userId),
    );
  }

  count(subject: Subject): Promise<number> {
    return this.entries.ask(
      () => this.entries.look(this.kind, subject, ({ users }) => users.size),
      () => this.ownMembers(subject).length,
    );
  }

  protected override *held(): Iterable<Subject> {
    for (const { subject } of this.own.values()) yield subject;
  }

  protected override *holdersOf({ users }: RosterState): Iterable<string> {
    for (const { nodeIds } of users.values()) yield* nodeIds;
  }

  protected override async settle(subject: Subject): Promise<void> {
    const users = this.own.get(this.keyOf(subject))?.users ?? new Map<string, OwnMember>();
    const members = new Map(Array.from(users, ([userId, { member }]) => [userId, member]));
    const isUndecided = (userId: string) => (users.get(userId)?.undecided ?? 0) > 0;
    const nowMs = this.entries.clock.nowMs();
    const command = holdExactly(this.nodeId, members, isUndecided, nowMs);
    this.tellAll(subject, await this.entries.change(this.kind, subject, command));
  }

  protected override async release(subject: Subject, isGone: IsGone): Promise<void> {
    this.tellAll(subject, await this.entries.change(this.kind, subject, letGoOf(isGone)));
  }

  /** A channel that is too large for NATS is full. */
  private async askToJoin(
    subject: Subject,
    command: Command<RosterState, JoinOutcome>,
    isFirst: boolean,
  ): Promise<JoinOutcome> {
    const known: JoinOutcome = { isFull: false, isFirst, version: UNKNOWN_VERSION };
    let isTooLarge = false;
    const safely = async () => {
      try {
        return await this.entries.change(this.kind, subject, command);
      } catch (error) {
        isTooLarge = error instanceof EntryTooLargeError;
        throw error;
      }
    };
    const fallback = (): JoinOutcome => {
      this.touch(subject);
      return isTooLarge ? { isFull: true } : known;
    };
    return this.entries.ask(safely, fallback);
  }

  /** In parts, each with the version after it. */
  private tellAll({ appId, name }: Subject, { version, left, joined }: RosterChange): void {
    let after = version - left.length - joined.length;
    for (let i = 0; i < left.length; i += MAX_TOLD) {
      const part = left.slice(i, i + MAX_TOLD);
      this.tell({ appId, channel: name, version: (after += part.length), left: part, joined: [] });
    }
    for (let i = 0; i < joined.length; i += MAX_TOLD) {
      const part = joined.slice(i, i + MAX_TOLD);
      this.tell({ appId, channel: name, version: (after += part.length), left: [], joined: part });
    }
  }

  private remember(subject: Subject, socketId: string, member: Member): OwnMember {
    const key = this.keyOf(subject);
    const own = this.own.get(key) ?? { subject, users: new Map<string, OwnMember>() };
    this.own.set(key, own);
    const user = own.users.get(member.userId) ?? { member, socketIds: new Set(), undecided: 0 };
    own.users.set(member.userId, user);
    user.socketIds.add(socketId);
    return user;
  }

  /** @returns whether it was the user's last connection to this node */
  private forget(subject: Subject, socketId: string, userId: string): boolean {
    const key = this.keyOf(subject);
    const users = this.own.get(key)?.users;
    const user = users?.get(userId);
    if (users === undefined || user === undefined) return false;
    if (!user.socketIds.delete(socketId) || user.socketIds.size > 0) return false;
    users.delete(userId);
    if (users.size === 0) this.own.delete(key);
    return true;
  }

  private ownMembers(subject: Subject): readonly Member[] {
    const users = this.own.get(this.keyOf(subject))?.users.values() ?? [];
    return Array.from(users, ({ member }) => member);
  }
}
