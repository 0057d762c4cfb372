import { UNKNOWN_VERSION, type Member, type RosterVersion } from '../state-store.js';
import { fromExactText, toExactText } from './exact-text.js';
import { writeRosterName, type RosterKeys, type RosterName } from './key-names.js';
import { writeMember } from './roster-member.js';
import { RosterQueue } from './roster-queue.js';
import type { Step, StepOutcome, StepResult, UncalledStep } from './roster-step.js';
import type { StoreContext } from './store-context.js';
import type { ChangeAnswer } from './store-scripts.js';

/** How many users come with the answer of a script; more are read in pages. */
const MAX_LISTED = 1000;
/** How long a command of a connection that was lost may still be under way. */
const FENCE_MS = 60_000;
/** More often clients do not get in between. */
const MAX_ROUNDS = 3;

/** Whom this node holds in a roster, as the mirror has it, and who is told what nobody called for. */
export interface RosterOwner {
  readonly size: number;
  has(userId: string): boolean;
  userIds(): Iterable<string>;
  /** Who a user of a presence channel is. */
  memberOf(userId: string): Member | undefined;
  /** How long a user who is held no more has to come back. */
  graceOf(userId: string): number;
  /** In the order of the versions. Of those that changed nothing only the ones in doubt are told. */
  onUncalled(steps: readonly UncalledStep[]): void;
  /** The version has become this, and the others may not have been told why. */
  onSkipped(version: RosterVersion): void;
}

/**
 * One roster, as far as this node takes part in it. What Redis says this node holds is brought to be
 * what the mirror says: by steps while Redis is there, and by comparing after it was away.
 */
export class RosterHolding {
  /** The last that Redis told. */
  version: RosterVersion = UNKNOWN_VERSION;
  /** How many users this node holds, as Redis told. */
  size = 0;
  /** Heartbeats without anything to hold. */
  idleBeats = 0;
  /** It stands on the list of the node, by which it is found when the node is dead. */
  isEnlisted = false;
  private readonly queue: RosterQueue;
  private isRestoring = false;
  private enlisting: Promise<unknown> | undefined;
  private fencedUntilMs = 0;
  /** Users of whom Redis may know something else than the mirror, and whether a step was sent that was not answered. */
  private readonly uncertain = new Map<string, boolean>();

  constructor(
    private readonly context: StoreContext,
    readonly name: RosterName,
    readonly owner: RosterOwner,
  ) {
    this.queue = new RosterQueue({
      canCarry: () => this.isRestoring || context.isUp,
      carry: (steps) => context.attempt(() => this.carry(steps)),
      onFailed: (steps, wereSent) => this.onFailed(steps, wereSent),
    });
  }

  /** Nothing is under way or to be done, and nobody is held, here or by what Redis told. */
  get isOver(): boolean {
    const isEmpty = this.owner.size === 0 && this.size === 0 && this.uncertain.size === 0;
    return isEmpty && this.queue.isIdle && !this.isFenced;
  }

  /** Redis has somebody on account of this node, or will have. */
  get isOccupied(): boolean {
    return this.size > 0 || !this.queue.isIdle;
  }

  /** Resolves when the first steps are sent; undefined if they are, or there are none. */
  whenSent(): Promise<unknown> | undefined {
    return this.enlisting;
  }

  /** The outcome of the last step of a user, while it is under way. */
  stepOf(userId: string): Promise<StepOutcome> | undefined {
    return this.queue.stepOf(userId);
  }

  /** Takes a step. Sent in this turn, unless another is under way. */
  take(step: Step): Promise<StepOutcome> {
    return this.queue.take(step);
  }

  /** The mirror has changed while Redis could not be asked. Who came and went meanwhile need not be remembered. */
  mark(userId: string): void {
    const isInDoubt = this.uncertain.get(userId) ?? false;
    const isRemembered = isInDoubt || this.owner.has(userId) || this.context.link.status !== 'down';
    if (isRemembered) this.uncertain.set(userId, isInDoubt);
    else this.uncertain.delete(userId);
  }

  /** Does what could not be done when it was asked for. */
  catchUp(): void {
    const uncertain = [...this.uncertain];
    this.uncertain.clear();
    for (const [userId, isInDoubt] of uncertain) {
      this.correct(userId, isInDoubt ? 'doubt' : 'catch-up');
    }
  }

  /**
   * Makes what Redis says this node holds what the mirror says. A version below `renewBelow` is of a
   * time whose end was lost.
   * @throws when Redis cannot be asked
   */
  async restore(renewBelow: RosterVersion): Promise<void> {
    await this.queue.whenIdle();
    this.isRestoring = true;
    try {
      this.fencedUntilMs = performance.now() + FENCE_MS;
      await this.compare(renewBelow);
      // What clients do meanwhile goes to the mirror alone.
      for (let round = 0; round < MAX_ROUNDS && this.uncertain.size > 0; round++) {
        this.catchUp();
        await this.queue.whenIdle();
      }
    } finally {
      this.isRestoring = false;
    }
  }

  /** Renews what would expire, and looks whether Redis still knows what it should. */
  async renew(): Promise<void> {
    const answer = await this.context.attempt(() => this.change([]));
    if (answer === undefined || !this.queue.isIdle || this.uncertain.size > 0) return;
    this.learn(answer);
    if (this.size !== this.owner.size && !this.context.isHandedOver) await this.repair();
  }

  /** Redis has lost something of this roster, or knows too much. */
  async repair(): Promise<void> {
    await this.context.attempt(() => this.compare(0));
    await this.queue.whenIdle();
  }

  /** This node takes no part any more. */
  resign(): void {
    // The mark of the fence is left over.
    if (this.fencedUntilMs > 0) void this.context.attempt(() => this.change([]));
  }

  private get keys(): RosterKeys {
    return this.context.keys.roster(this.name);
  }

  private get isFenced(): boolean {
    return performance.now() < this.fencedUntilMs;
  }

  /** Fetches what Redis says this node holds, and corrects it. */
  private async compare(renewBelow: RosterVersion): Promise<void> {
    const answer = await this.change([], renewBelow, MAX_LISTED);
    this.learn(answer);
    const [version, size, , hasSkipped, listed] = answer;
    if (hasSkipped === 1) this.owner.onSkipped(version);
    const held = new Set((listed ?? (size > 0 ? await this.readHeld() : [])).map(fromExactText));
    const stale = [...held].filter((userId) => !this.owner.has(userId));
    const missing = [...this.owner.userIds()].filter((userId) => !held.has(userId));
    for (const userId of [...stale, ...missing]) {
      if (!this.uncertain.has(userId) && this.stepOf(userId) === undefined) {
        this.correct(userId, 'repair');
      }
    }
    this.catchUp();
    await this.queue.whenIdle();
  }

  private correct(userId: string, origin: Step['origin']): void {
    const isHold = this.owner.has(userId);
    if (!isHold && this.context.isHandedOver) return;
    const graceMs = isHold ? 0 : this.owner.graceOf(userId);
    const member = this.owner.memberOf(userId);
    void this.queue.take({ userId, isHold, origin, member, graceMs });
  }

  private async readHeld(): Promise<string[]> {
    const held: string[] = [];
    let cursor = '0';
    do {
      const { link, nodeId } = this.context;
      const key = this.keys.own(nodeId);
      const [next, page] = await link.commands.sscan(key, cursor, 'COUNT', MAX_LISTED);
      for (const text of page) held.push(text);
      cursor = next;
    } while (cursor !== '0');
    return held;
  }

  private async carry(steps: readonly Step[]): Promise<readonly StepOutcome[]> {
    // Another await in between would let the reading of the roster, asked for later, overtake.
    const answer = await (this.isEnlisted ? this.change(steps) : this.enlistAndChange(steps));
    const isLost = answer[2] === 0 && this.size > 0;
    this.learn(answer);
    const outcomes = steps.map((_, i) => outcomeAt(answer, i));
    this.tellUncalled(steps, outcomes);
    if (isLost) this.context.onLoss();
    return outcomes;
  }

  /** In a Cluster the list is elsewhere, and has to be there first: who buries the node goes by it. */
  private async enlistAndChange(steps: readonly Step[]): Promise<ChangeAnswer> {
    const { scripts, ownKeys, epoch, ttlMs, link } = this.context;
    const listKeys = [ownKeys.epoch, ownKeys.rosters];
    const enlisting = scripts.enlist(listKeys, epoch, ttlMs, 'SADD', writeRosterName(this.name));
    const send = () => this.change(steps);
    const sent = link.isCluster ? enlisting.then(send) : send();
    const forget = () => (this.enlisting = undefined);
    // After that `then`, so that whoever waits for it comes after what is sent.
    if (link.isCluster) this.enlisting = enlisting.then(forget, forget);
    const [answer] = await Promise.all([sent, enlisting]);
    this.isEnlisted = true;
    return answer;
  }

  private change(
    steps: readonly Step[],
    renewBelow: RosterVersion = 0,
    maxListed = 0,
  ): Promise<ChangeAnswer> {
    const { scripts, nodeId, epoch, ttlMs } = this.context;
    const { state, members, holders, leaving, claimed, own } = this.keys;
    const keys = [state, members, holders, own(nodeId)];
    if (this.name.channel === undefined) keys.push(leaving, claimed);
    const isMarkKept = this.isFenced ? 1 : 0;
    const args: (string | number)[] = [nodeId, epoch, ttlMs, renewBelow, isMarkKept, maxListed];
    for (const { userId, isHold, member, limit = 0, graceMs = 0 } of steps) {
      const user = toExactText(userId);
      if (isHold) args.push('hold', user, member === undefined ? '' : writeMember(member), limit);
      else args.push('drop', user, graceMs, '');
    }
    return scripts.changeRoster(keys, ...args);
  }

  private learn([version, size]: ChangeAnswer): void {
    this.version = version;
    this.size = size;
  }

  private tellUncalled(steps: readonly Step[], outcomes: readonly StepOutcome[]): void {
    const uncalled: UncalledStep[] = [];
    for (const [i, step] of steps.entries()) {
      if (step.origin === 'call') continue;
      const outcome = outcomes[i]!;
      const isTold = step.origin === 'doubt' || outcome.result !== 'none';
      if (isTold) uncalled.push({ step, outcome });
    }
    if (uncalled.length > 0) this.owner.onUncalled(uncalled);
  }

  private onFailed(steps: readonly Step[], wereSent: boolean): void {
    for (const { userId, origin } of steps) {
      const isInDoubt = wereSent || origin === 'doubt' || this.uncertain.get(userId) === true;
      this.uncertain.set(userId, isInDoubt);
    }
  }
}

/** As the script answers them, from -1 on. */
const RESULTS: readonly StepResult[] = ['full', 'none', 'changed', 'returned'];

function outcomeAt(answer: ChangeAnswer, i: number): StepOutcome {
  const [code, version] = answer.slice(5 + 2 * i, 7 + 2 * i) as number[];
  return { result: RESULTS[code! + 1]!, version: version! };
}
