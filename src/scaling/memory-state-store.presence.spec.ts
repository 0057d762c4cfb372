import * as fc from 'fast-check';
import { MemoryStateStore } from './memory-state-store.js';

/* Any joins and leaves in any order, against a model that keeps a list and looks through all of it. */

const APP = 'app';
const CHANNELS = ['presence-a', 'presence-b'] as const;

interface Call {
  readonly isJoin: boolean;
  readonly channel: (typeof CHANNELS)[number];
  readonly socketId: string;
  readonly userId: string;
  readonly limit: number;
}

const call: fc.Arbitrary<Call> = fc.record({
  isJoin: fc.boolean(),
  channel: fc.constantFrom(...CHANNELS),
  socketId: fc.constantFrom('1.1', '1.2', '1.3', '1.4'),
  userId: fc.constantFrom('a', 'b', 'c'),
  limit: fc.constantFrom(0, 0, 1, 2),
});

/** How a call ended, and what is known after it. */
interface Answer {
  /** The first, the last; undefined for who was refused. */
  readonly isChange: boolean | undefined;
  readonly userIds: readonly string[];
  /** Changes since the channel was empty last. */
  readonly changes: number;
  /** The version has not been before. */
  readonly isBeyond: boolean;
}

/** What is said of a channel by a list of who is in it. */
class ChannelModel {
  private pairs: { readonly userId: string; readonly socketId: string }[] = [];
  private changes = 0;

  answer({ isJoin, userId, socketId, limit }: Call): Answer {
    const before = this.userIds;
    const isMember = before.includes(userId);
    if (isJoin && !isMember && limit > 0 && before.length >= limit) return this.say(undefined);
    this.pairs = this.pairs.filter((pair) => pair.userId !== userId || pair.socketId !== socketId);
    if (isJoin) this.pairs.push({ userId, socketId });
    const isChange = this.userIds.includes(userId) !== isMember;
    if (before.length === 0) this.changes = 0;
    if (isChange) this.changes++;
    return this.say(isChange);
  }

  private get userIds(): readonly string[] {
    return [...new Set(this.pairs.map(({ userId }) => userId))].sort();
  }

  private say(isChange: boolean | undefined): Answer {
    const { userIds } = this;
    const changes = userIds.length === 0 ? 0 : this.changes;
    return { isChange, userIds, changes, isBeyond: true };
  }
}

/** What the store says of a channel, in the words of the model. */
class StoreChannel {
  private base = 0;
  private last = 0;

  constructor(private readonly store: MemoryStateStore) {}

  answer({ isJoin, channel, socketId, userId, limit }: Call): Answer {
    const wasEmpty = this.store.userIds(APP, channel).length === 0;
    const member = { userId, id: userId, userInfo: undefined };
    const outcome = isJoin
      ? this.store.join(APP, channel, socketId, member, limit)
      : { isFull: false as const, ...this.store.leave(APP, channel, socketId, userId) };
    if (outcome.isFull) return this.say(channel, undefined, true);
    const isChange = 'isFirst' in outcome ? outcome.isFirst : outcome.isLast;
    if (isChange && wasEmpty) this.base = outcome.version - 1;
    const isBeyond = !isChange || outcome.version > this.last;
    if (isChange) this.last = outcome.version;
    return this.say(channel, isChange, isBeyond);
  }

  private say(channel: string, isChange: boolean | undefined, isBeyond: boolean): Answer {
    const roster = this.store.roster(APP, channel)!;
    const userIds = Array.from(roster.members, ({ userId }) => userId).sort();
    const changes = userIds.length === 0 ? 0 : roster.version - this.base;
    return { isChange, userIds, changes, isBeyond };
  }
}

describe('The members of presence channels', () => {
  it('are the users of the connections that joined and did not leave', () => {
    const property = fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
      const store = new MemoryStateStore();
      const [models, channels] = [new Map<string, ChannelModel>(), new Map<string, StoreChannel>()];
      for (const each of CHANNELS) models.set(each, new ChannelModel());
      for (const each of CHANNELS) channels.set(each, new StoreChannel(store));
      for (const each of calls) {
        const expected = models.get(each.channel)!.answer(each);
        expect(channels.get(each.channel)!.answer(each)).toEqual(expected);
        expect(store.channel(APP, each.channel).users).toBe(expected.userIds.length);
        expect([...store.userIds(APP, each.channel)].sort()).toEqual(expected.userIds);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('need not be read again when their version is known', () => {
    const property = fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
      const store = new MemoryStateStore();
      for (const { channel, socketId, userId } of calls) {
        const member = { userId, id: userId, userInfo: undefined };
        const { version } = store.join(APP, channel, socketId, member, 0) as { version: number };
        expect(store.roster(APP, channel, version)).toBeUndefined();
        expect(store.roster(APP, channel, version - 1)?.version).toBe(version);
      }
    });
    fc.assert(property);
  });
});
