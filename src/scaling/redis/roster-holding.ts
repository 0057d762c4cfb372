import { UNKNOWN_VERSION, type Member, type RosterVersion } from '../state-store.js';
import type { RosterName } from './key-names.js';
import { RosterQueue } from './roster-queue.js';
import type { Step, StepOutcome, UncalledStep } from './roster-step.js';
import { RosterWire, type RosterState } from './roster-wire.js';
import type { StoreContext } from './store-context.js';

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
  private readonly wire: RosterWire;
  private readonly queue: RosterQueue;
  private isRestoring = false;
  private fencedUntilMs = 0;
  /** Users of whom Redis may know something else than the mirror, and whether a step was sent that was not answered. */
  private readonly uncertain = new Map<string, boolean>();

  constructor(
    private readonly context: StoreContext,
    readonly name: RosterName,
    readonly owner: RosterOwner,
  ) {
    this.wire = new RosterWire(context, name);
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
    return this.wire.whenSent();
  }

  /** The outcome of the last step of a user, while it is under way. */
  stepOf(userId: string): Promise<StepOutcome> | undefined {
    return this.queue.stepOf(userId);
  }

  /** It stands on the list of the node now. */
  enlisted(): void {
    this.wire.isEnlisted = true;
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
    const state = await this.context.attempt(() => this.wire.change([], this.options));
    if (state === undefined || !this.queue.isIdle || this.uncertain.size > 0) return;
    this.learn(state);
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
    if (this.fencedUntilMs > 0) void this.context.attempt(() => this.wire.change([], this.options));
  }

  private get isFenced(): boolean {
    return performance.now() < this.fencedUntilMs;
  }

  private get options() {
    return { isFenced: this.isFenced };
  }

  /** Fetches what Redis says this node holds, and corrects it. */
  private async compare(renewBelow: RosterVersion): Promise<void> {
    const options = { ...this.options, renewBelow, isListWanted: true };
    const state = await this.wire.change([], options);
    this.learn(state);
    if (state.hasSkipped) this.owner.onSkipped(state.version);
    const held = new Set(state.held ?? (await this.wire.readHeld()));
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

  private async carry(steps: readonly Step[]): Promise<readonly StepOutcome[]> {
    const state = await this.wire.take(steps, this.options);
    const isLost = !state.wasKnown && this.size > 0;
    this.learn(state);
    this.tellUncalled(steps, state.outcomes);
    if (isLost) this.context.onLoss();
    return state.outcomes;
  }

  private learn({ version, size }: RosterState): void {
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
