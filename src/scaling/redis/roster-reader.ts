import type { Awaitable } from '../awaitable.js';
import { UNKNOWN_VERSION, type Member, type Roster, type RosterVersion } from '../state-store.js';
import { fromExactText } from './exact-text.js';
import type { RosterName } from './key-names.js';
import type { RosterBook } from './roster-book.js';
import type { RosterHolding } from './roster-holding.js';
import { readMembers } from './roster-member.js';
import type { StoreContext } from './store-context.js';

const PAGE_SIZE = 1000;

/** A roster as Redis has it; undefined if it has the version that is known, `unknown` if Redis cannot be asked. */
type Reading = { readonly version: RosterVersion; readonly members: readonly Member[] } | undefined;

/** Reads who is in presence channels. */
export class RosterReader {
  constructor(
    private readonly context: StoreContext,
    private readonly book: RosterBook,
  ) {}

  /** See StateStore. */
  roster(name: RosterName, knownVersion?: RosterVersion): Awaitable<Roster | undefined> {
    if (!this.context.isUp) return this.rosterAlone(name);
    return this.readWhole(name, knownVersion).then((reading) =>
      reading === 'unknown' ? this.rosterAlone(name) : reading,
    );
  }

  /** See StateStore. */
  userIds(name: RosterName): Awaitable<readonly string[]> {
    const alone = () => [...(this.usersOf(name)?.keys() ?? [])];
    if (!this.context.isUp) return alone();
    return this.context.attempt(() => this.readUserIds(name)).then((userIds) => userIds ?? alone());
  }

  /** What this node holds must be in it. If it is not, Redis has lost something. */
  private async readWhole(
    name: RosterName,
    knownVersion: RosterVersion = UNKNOWN_VERSION,
  ): Promise<Reading | 'unknown'> {
    const holding = this.book.find(name);
    // A first step that takes two trips would be overtaken.
    const sent = holding?.whenSent();
    if (sent !== undefined) await sent;
    const reading = await this.read(name, knownVersion);
    if (reading === undefined || reading === 'unknown' || holding === undefined) return reading;
    if (!this.lacksOwn(reading, name, holding)) return reading;
    await holding.repair();
    this.context.onLoss();
    return this.read(name, knownVersion);
  }

  private async read(name: RosterName, knownVersion: RosterVersion): Promise<Reading | 'unknown'> {
    const { state, members } = this.context.keys.roster(name);
    const { scripts } = this.context;
    const answer = await this.context.attempt(() =>
      scripts.readRoster([state, members], knownVersion),
    );
    if (answer === undefined) return 'unknown';
    const [version, fields] = answer;
    return fields && { version, members: readMembers(fields) };
  }

  private lacksOwn(
    { version, members }: NonNullable<Reading>,
    name: RosterName,
    holding: RosterHolding,
  ): boolean {
    const own = this.usersOf(name);
    // An older one was read before the last steps were done.
    if (own === undefined || version < holding.version || !this.context.isUp) return false;
    const found = new Set(members.map(({ userId }) => userId));
    for (const userId of own.keys()) {
      if (!found.has(userId) && holding.stepOf(userId) === undefined) return true;
    }
    return false;
  }

  private async readUserIds(name: RosterName): Promise<readonly string[]> {
    const { holders } = this.context.keys.roster(name);
    const userIds = new Set<string>();
    let cursor = '0';
    do {
      const { commands } = this.context.link;
      const [next, fields] = await commands.hscan(holders, cursor, 'COUNT', PAGE_SIZE);
      for (let i = 0; i < fields.length; i += 2) userIds.add(fromExactText(fields[i]!));
      cursor = next;
    } while (cursor !== '0');
    return [...userIds];
  }

  private rosterAlone(name: RosterName): Roster {
    const users = this.usersOf(name)?.values() ?? [];
    return { version: UNKNOWN_VERSION, members: Array.from(users, ({ member }) => member) };
  }

  private usersOf({ appId, channel = '' }: RosterName) {
    return this.context.mirror.get(appId).presence.get(channel)?.users;
  }
}
