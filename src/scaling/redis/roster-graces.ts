import { addConnection, removeConnection } from '../application-state.js';
import type { Awaitable } from '../awaitable.js';
import { fromExactText, toExactText } from './exact-text.js';
import type { RosterName } from './key-names.js';
import type { RosterBook } from './roster-book.js';
import type { GracedKind } from './roster-graced-kind.js';
import { UNKNOWN_OUTCOME, type StepOutcome } from './roster-step.js';
import type { StoreContext } from './store-context.js';
import { UntoldNames } from './untold-names.js';

const NAMES_PER_SCRIPT = 500;
/** How long a node that has taken names out has to say so, before another one is asked. */
const CLAIM_MS = 4000;
/** The clocks of this process and of Redis tick on their own. */
const MARGIN_MS = 5;

/** A connection took hold of a name. */
export interface Hold {
  /** No other connection of this node had it. */
  readonly isFirstHere: boolean;
  /** As far as this node knows, it was in its grace. */
  readonly wasLeaving: boolean;
  /** What Redis says to it. */
  readonly outcome: StepOutcome;
}

/** Other nodes have this and a heartbeat to say what they hold, when Redis comes back empty. */
const SETTLE_MS = 1000;

const NO_STEP: StepOutcome = { ...UNKNOWN_OUTCOME, result: 'none' };

/**
 * Names that connections of nodes hold. Only a name's first connection on this node, and its last one,
 * are Redis' business. A grace is kept in Redis, where whoever asks first when it is over takes the name
 * out, and tells.
 */
export class GracedRosters {
  /** Applications with graces that this node looks after: its own, and those of nodes it buried. */
  private readonly watched = new Set<string>();
  /** What was said to be gone, by application, which Redis does not know yet. */
  private readonly told = new Map<string, readonly string[]>();
  private readonly untold = new UntoldNames();
  /** Applications whose graces are being asked for, and whether that is to be done once more. */
  private readonly asking = new Map<string, boolean>();

  constructor(
    private readonly context: StoreContext,
    private readonly book: RosterBook,
    private readonly kind: GracedKind,
  ) {}

  /** No grace is left that another node would have to look after. */
  get isEmpty(): boolean {
    return this.watched.size === 0;
  }

  /** A connection of this node has a name from now on. */
  hold(appId: string, name: string, socketId: string): Awaitable<Hold> {
    const isFirstHere = addConnection(this.kind.holdersOf(appId), name, socketId);
    const holding = this.book.open(this.rosterOf(appId));
    const wasLeaving = isFirstHere && this.kind.graces.callOff(appId, name);
    if (!this.context.isUp) {
      if (isFirstHere) this.untold.holds(appId, name, wasLeaving);
      if (isFirstHere) holding.mark(name);
      return { isFirstHere, wasLeaving, outcome: UNKNOWN_OUTCOME };
    }
    const ended = isFirstHere
      ? holding.take({ userId: name, isHold: true, origin: 'call' })
      : holding.stepOf(name);
    if (ended === undefined) return { isFirstHere, wasLeaving, outcome: NO_STEP };
    return ended.then((outcome) => ({ isFirstHere, wasLeaving, outcome }));
  }

  /** A connection of this node has a name no more. */
  release(appId: string, name: string, socketId: string, graceMs: number): Awaitable<void> {
    if (!removeConnection(this.kind.holdersOf(appId), name, socketId)) return;
    if (this.context.isHandedOver) return;
    const wasUntold = this.untold.releases(appId, name) && this.kind.tellAlone === undefined;
    if (!wasUntold) this.beginGrace(appId, name, graceMs);
    const holding = this.book.open(this.rosterOf(appId));
    if (!this.context.isUp) return holding.mark(name);
    // One of no length is told like all the others.
    const step = { userId: name, isHold: false, origin: 'call' } as const;
    return holding.take({ ...step, graceMs: Math.max(1, graceMs) }).then(({ result }) => {
      const isCounted = result === 'changed' && this.kind.graces.has(appId, name);
      // In Redis, from now on.
      return isCounted ? this.beginGrace(appId, name, graceMs + MARGIN_MS) : undefined;
    });
  }

  /** Looks after the graces of an application whose node was buried. */
  adopt(appId: string): void {
    this.watched.add(appId);
    this.context.enlistApplication(appId);
    void this.endGraces(appId);
  }

  /** Says what is gone, should those who would have said it be gone. */
  tend(): void {
    this.untold.clear();
    for (const appId of this.watched) void this.endGraces(appId);
  }

  /**
   * Redis has lost its data, or was away while graces ended.
   * @throws when Redis cannot be asked
   */
  async restore(): Promise<void> {
    const { scripts, ttlMs, keys } = this.context;
    for (const appId of this.watched) {
      const { holders, leaving } = keys.roster(this.rosterOf(appId));
      const names = [...this.kind.graces.of(appId), ...this.untold.missed(appId)];
      for (let start = 0; start < names.length; start += NAMES_PER_SCRIPT) {
        const some = names.slice(start, start + NAMES_PER_SCRIPT);
        const args = some.flatMap((name) => [toExactText(name), this.remainingMs(appId, name)]);
        await scripts.keepLeaving([holders, leaving], ttlMs, ...args);
      }
    }
  }

  /** What only this node tells may be somewhere else, as another node has still to say. */
  private remainingMs(appId: string, name: string): number {
    const { graces, tellAlone } = this.kind;
    const leastMs = tellAlone === undefined ? this.context.heartbeatMs + SETTLE_MS : 0;
    return Math.max(leastMs, graces.remainingMs(appId, name));
  }

  private rosterOf(appId: string): RosterName {
    return { appId, channel: this.kind.channel };
  }

  private beginGrace(appId: string, name: string, graceMs: number): void {
    this.watched.add(appId);
    this.context.enlistApplication(appId);
    this.kind.graces.begin(appId, name, graceMs, () => {
      if (this.context.isUp) void this.endGraces(appId);
      else if (this.kind.tellAlone === undefined) this.untold.misses(appId, name);
      else this.kind.tellAlone(appId, name);
    });
  }

  /** Whoever asks while an answer is under way is answered with the next. */
  private async endGraces(appId: string): Promise<void> {
    if (this.asking.has(appId)) return void this.asking.set(appId, true);
    let isWanted = true;
    while (isWanted && this.context.isUp) {
      this.asking.set(appId, false);
      const isMore = await this.context.attempt(() => this.endSome(appId));
      isWanted = isMore === true || (isMore === false && this.asking.get(appId) === true);
    }
    this.asking.delete(appId);
  }

  /** @returns whether there is something to be said to Redis in return, or there may be more */
  private async endSome(appId: string): Promise<boolean> {
    const { scripts, keys, ttlMs } = this.context;
    const { leaving, claimed, state, holders } = keys.roster(this.rosterOf(appId));
    const told = this.told.get(appId) ?? [];
    const [nextMs, names, version] = await scripts.endGraces(
      [leaving, claimed, state, holders],
      ttlMs,
      NAMES_PER_SCRIPT,
      CLAIM_MS,
      ...told,
    );
    if (names.length > 0) this.told.set(appId, names);
    else this.told.delete(appId);
    for (const text of names) this.kind.tell(appId, fromExactText(text), false, version);
    if (nextMs === -1 && this.kind.graces.of(appId).length === 0) this.watched.delete(appId);
    return names.length > 0;
  }
}
