import type { StoreContext } from './store-context.js';

/** How long it takes until all had their turn, if they are not too many. */
const CYCLE_MS = 120_000;
const MAX_AT_ONCE = 500;

/** Goes round many things, some at each heartbeat: each has its turn long before it expires. */
export class Rotation<T> {
  private turns: Iterator<T> | undefined;

  constructor(
    private readonly context: StoreContext,
    private readonly all: () => Iterator<T>,
  ) {}

  /** Those whose turn it is, of `total`. */
  next(total: number): readonly T[] {
    const { heartbeatMs, ttlMs } = this.context;
    const wanted = Math.min(Math.ceil((total * heartbeatMs) / CYCLE_MS), MAX_AT_ONCE);
    const due = Math.max(wanted, Math.ceil((total * heartbeatMs * 3) / ttlMs));
    const some: T[] = [];
    this.turns ??= this.all();
    while (some.length < due) {
      const turn = this.turns.next();
      if (turn.done === true) {
        this.turns = undefined;
        break;
      }
      some.push(turn.value);
    }
    return some;
  }
}
