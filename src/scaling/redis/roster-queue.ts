import { UNKNOWN_OUTCOME, type Step, type StepOutcome } from './roster-step.js';

/** So that no script holds Redis up for more than some milliseconds. */
const STEPS_PER_SCRIPT = 500;

/** Who takes the steps to Redis. */
export interface StepCarrier {
  /** Redis may be asked now. */
  canCarry(): boolean;
  /** @returns an outcome for each step, undefined when Redis did not answer */
  carry(steps: readonly Step[]): Promise<readonly StepOutcome[] | undefined>;
  /** These will not be carried; or were, and Redis did not answer. Called before whoever waits is told. */
  onFailed(steps: readonly Step[], wereSent: boolean): void;
}

/** A step, and who waits for it. */
interface Waiting {
  readonly step: Step;
  readonly settle: (outcome: StepOutcome) => void;
}

/**
 * Takes the steps of one roster to Redis in the order they come, whatever way they go: one script at a
 * time, with all that has come while the one before was under way.
 */
export class RosterQueue {
  private waiting: Waiting[] = [];
  private isSending = false;
  /** The last step of a user, until it is done. */
  private readonly unfinished = new Map<string, Promise<StepOutcome>>();
  private idleListeners: (() => void)[] = [];

  constructor(private readonly carrier: StepCarrier) {}

  /** Nothing is under way, and nothing waits. */
  get isIdle(): boolean {
    return !this.isSending;
  }

  /** The outcome of the last step of a user, while it is under way. */
  stepOf(userId: string): Promise<StepOutcome> | undefined {
    return this.unfinished.get(userId);
  }

  /** Takes a step. It is sent in this turn, unless another is under way. */
  take(step: Step): Promise<StepOutcome> {
    const { userId } = step;
    const ended = new Promise<StepOutcome>((resolve) => {
      const settle = (outcome: StepOutcome) => {
        if (this.unfinished.get(userId) === ended) this.unfinished.delete(userId);
        resolve(step.conclude?.(outcome) ?? outcome);
      };
      this.waiting.push({ step, settle });
    });
    this.unfinished.set(userId, ended);
    if (!this.isSending) void this.send();
    return ended;
  }

  /** Resolves when nothing is under way, and nothing waits. */
  whenIdle(): Promise<void> | undefined {
    if (!this.isSending) return undefined;
    return new Promise((resolve) => this.idleListeners.push(resolve));
  }

  private async send(): Promise<void> {
    this.isSending = true;
    while (this.waiting.length > 0) {
      const canCarry = this.carrier.canCarry();
      const some = this.waiting.splice(0, canCarry ? STEPS_PER_SCRIPT : Infinity);
      const steps = some.map(({ step }) => step);
      const outcomes = canCarry ? await this.carrier.carry(steps) : undefined;
      if (outcomes === undefined) this.carrier.onFailed(steps, canCarry);
      for (const [i, { settle }] of some.entries()) settle(outcomes?.[i] ?? UNKNOWN_OUTCOME);
    }
    this.isSending = false;
    const listeners = this.idleListeners;
    this.idleListeners = [];
    for (const listener of listeners) listener();
  }
}
