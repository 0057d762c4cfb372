import type { ApplicationState } from '../application-state.js';
import type { Awaitable } from '../awaitable.js';
import {
  UNKNOWN_VERSION,
  type JoinOutcome,
  type LeaveOutcome,
  type Member,
} from '../state-store.js';
import type { RosterBook } from './roster-book.js';
import type { RosterHolding } from './roster-holding.js';
import type { StepOutcome } from './roster-step.js';
import type { StoreContext } from './store-context.js';

/** One connection joins a presence channel. */
interface Joining {
  readonly application: ApplicationState;
  readonly channel: string;
  readonly socketId: string;
  readonly member: Member;
  readonly limit: number;
}

/**
 * Who comes to presence channels and goes. Only a user's first connection on this node, and its last
 * one, are Redis' business.
 */
export class PresenceRosters {
  constructor(
    private readonly context: StoreContext,
    private readonly book: RosterBook,
  ) {}

  /** See StateStore. */
  join(
    appId: string,
    channel: string,
    socketId: string,
    member: Member,
    limit: number,
  ): Awaitable<JoinOutcome> {
    const application = this.context.mirror.get(appId);
    const joining: Joining = { application, channel, socketId, member, limit };
    const holding = this.book.open({ appId, channel });
    if (!this.context.isUp) return joinAlone(joining, holding);
    const { userId } = member;
    const { isFirst } = application.join(channel, socketId, member, 0)!;
    const ended = isFirst
      ? holding.take({
          userId,
          isHold: true,
          origin: 'call',
          member,
          limit,
          conclude: (outcome) => conclude(joining, outcome, holding),
        })
      : holding.stepOf(userId);
    if (ended === undefined) return this.joinAgain(appId, channel, holding);
    // Who comes while the first is under way shares its fate.
    return ended.then(({ result, version }) => {
      if (result === 'full') return { isFull: true };
      const isNew = result === 'changed' || result === 'unknown';
      return { isFull: false, isFirst: isFirst && isNew, version };
    });
  }

  /** The user is there already, but who comes now wants to see all others who are. */
  private async joinAgain(
    appId: string,
    channel: string,
    holding: RosterHolding,
  ): Promise<JoinOutcome> {
    const { link, keys } = this.context;
    const { state } = keys.roster({ appId, channel });
    const text = await this.context.attempt(() => link.commands.hget(state, 'version'));
    const version = text === undefined ? UNKNOWN_VERSION : Number(text ?? holding.version);
    return { isFull: false, isFirst: false, version };
  }

  /** See StateStore. */
  leave(appId: string, channel: string, socketId: string, userId: string): Awaitable<LeaveOutcome> {
    const { isUp, isHandedOver, mirror } = this.context;
    const { isLast } = mirror.get(appId).leave(channel, socketId, userId);
    const holding = this.book.find({ appId, channel });
    const version = isUp && holding !== undefined ? holding.version : UNKNOWN_VERSION;
    if (holding === undefined || isHandedOver) return { isLast: false, version };
    if (!isUp) {
      if (isLast) holding.mark(userId);
      return { isLast, version };
    }
    const ended = isLast
      ? holding.take({ userId, isHold: false, origin: 'call' })
      : holding.stepOf(userId);
    if (ended === undefined) return { isLast: false, version };
    return ended.then((outcome) => {
      const isGone = outcome.result === 'changed' || outcome.result === 'unknown';
      return { isLast: isLast && isGone, version: outcome.version };
    });
  }
}

function joinAlone(
  { application, channel, socketId, member, limit }: Joining,
  holding: RosterHolding,
): JoinOutcome {
  const joined = application.join(channel, socketId, member, limit);
  if (joined === undefined) return { isFull: true };
  if (joined.isFirst) holding.mark(member.userId);
  return { isFull: false, isFirst: joined.isFirst, version: UNKNOWN_VERSION };
}

/** Who is refused leaves no trace. If Redis did not answer, the mirror decides. */
function conclude(
  { application, channel, member: { userId }, limit }: Joining,
  outcome: StepOutcome,
  holding: RosterHolding,
): StepOutcome {
  const users = application.presence.get(channel)?.users;
  const isTooMany = limit > 0 && users !== undefined && users.size > limit;
  const isAlone = users?.get(userId)?.socketIds.size === 1;
  const isFull =
    outcome.result === 'full' || (outcome.result === 'unknown' && isTooMany && isAlone);
  if (!isFull) return outcome;
  // Who is there since a later step is there on another ground.
  if (holding.stepOf(userId) === undefined) application.expel(channel, userId);
  return { ...outcome, result: 'full' };
}
