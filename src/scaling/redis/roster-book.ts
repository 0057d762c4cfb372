import { readRosterName, writeRosterName, type RosterName } from './key-names.js';
import { RosterHolding, type RosterOwner } from './roster-holding.js';
import type { GracedKind } from './roster-graced-kind.js';
import { GracedOwner, PresenceOwner } from './roster-owners.js';
import { Rotation } from './rotation.js';
import type { StoreContext } from './store-context.js';

const NAMES_PER_SCRIPT = 500;
const PAGE_SIZE = 1000;
/** Scripts under way at the same time. */
const WIDTH = 64;
/** A roster without anybody is kept for a while, so that churn costs no round trips. */
const IDLE_BEATS = 5;

/** All rosters this node takes part in, or did a moment ago. */
export class RosterBook {
  private readonly holdings = new Map<string, RosterHolding>();
  private readonly rotation: Rotation<RosterHolding>;

  constructor(
    private readonly context: StoreContext,
    private readonly gracedKinds: readonly GracedKind[],
  ) {
    this.rotation = new Rotation(context, () => this.holdings.values());
  }

  find(name: RosterName): RosterHolding | undefined {
    return this.holdings.get(writeRosterName(name));
  }

  open(name: RosterName): RosterHolding {
    const text = writeRosterName(name);
    let holding = this.holdings.get(text);
    if (holding === undefined) {
      holding = new RosterHolding(this.context, name, this.ownerOf(name));
      this.holdings.set(text, holding);
    }
    return holding;
  }

  /** Redis has nobody on account of this node, as far as it told. */
  get isEmpty(): boolean {
    for (const { isOccupied } of this.holdings.values()) if (isOccupied) return false;
    return true;
  }

  /**
   * Brings all rosters to what the mirror says. A version below `renewBelow` is of a time whose end was
   * lost.
   * @throws when Redis cannot be asked
   */
  async restore(renewBelow: number): Promise<void> {
    for (const name of await this.readList()) this.open(readRosterName(name));
    await this.enlist([...this.holdings.values()]);
    const holdings = this.holdings.values();
    const work = async () => {
      for (const holding of holdings) await holding.restore(renewBelow);
    };
    await Promise.all(Array.from({ length: WIDTH }, work));
  }

  /** Does what could not be done when it was asked for. */
  catchUp(): void {
    for (const holding of this.holdings.values()) holding.catchUp();
  }

  /** Renews some of what would expire, each heartbeat others, and forgets where nobody has been for a while. */
  async tend(): Promise<void> {
    this.catchUp();
    this.forgetIdle();
    const some = this.rotation.next(this.holdings.size);
    if (some.length === 0) return;
    await this.context.attempt(() => this.enlist(some));
    await Promise.all(some.map((holding) => holding.renew()));
  }

  /** Redis is away: what it knows of rosters that are empty here is found when it is back. */
  forgetEmpty(): void {
    for (const [text, holding] of this.holdings) {
      if (holding.isOver) this.holdings.delete(text);
    }
  }

  private ownerOf({ appId, channel }: RosterName): RosterOwner {
    for (const kind of this.gracedKinds) {
      if (kind.channel === channel) return new GracedOwner(this.context, appId, kind);
    }
    return new PresenceOwner(this.context, appId, channel!);
  }

  private forgetIdle(): void {
    const idle: string[] = [];
    for (const [text, holding] of this.holdings) {
      holding.idleBeats = holding.isOver ? holding.idleBeats + 1 : 0;
      if (holding.idleBeats <= IDLE_BEATS) continue;
      this.holdings.delete(text);
      holding.resign();
      idle.push(text);
    }
    if (idle.length > 0) void this.context.attempt(() => this.list('SREM', idle));
  }

  private async enlist(holdings: readonly RosterHolding[]): Promise<void> {
    await this.list(
      'SADD',
      holdings.map(({ name }) => writeRosterName(name)),
    );
    for (const holding of holdings) holding.enlisted();
  }

  private async list(command: 'SADD' | 'SREM', names: readonly string[]): Promise<void> {
    const { scripts, ownKeys, epoch, ttlMs } = this.context;
    const keys = [ownKeys.epoch, ownKeys.rosters];
    const sent: Promise<number>[] = [];
    for (let start = 0; start < names.length; start += NAMES_PER_SCRIPT) {
      const some = names.slice(start, start + NAMES_PER_SCRIPT);
      sent.push(scripts.enlist(keys, epoch, ttlMs, command, ...some));
    }
    await Promise.all(sent);
  }

  private async readList(): Promise<readonly string[]> {
    const names: string[] = [];
    let cursor = '0';
    do {
      const { commands } = this.context.link;
      const [next, page] = await commands.sscan(
        this.context.ownKeys.rosters,
        cursor,
        'COUNT',
        PAGE_SIZE,
      );
      names.push(...page);
      cursor = next;
    } while (cursor !== '0');
    return names;
  }
}
