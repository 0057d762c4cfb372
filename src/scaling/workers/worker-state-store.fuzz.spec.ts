import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { BusHub, BusNode } from '../../../test/harness/bus-nodes.js';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { Random } from '../../../test/harness/random.js';
import { StateAudience } from '../../../test/harness/state-audience.js';
import { memberOf } from '../../../test/harness/state-node.js';
import type { MembersChange } from '../state-store.js';

/*
 * Clients that come and go on workers that die, stop and are replaced. Afterwards all agree, and what
 * the subscribers on each worker were told adds up.
 */

const APP = 'app';
const CHANNELS = ['presence-a', 'presence-b'];
const USERS = Array.from({ length: 12 }, (_, i) => `u${i}`);
const [CLIENTS, TROUBLES] = [36, 8];
const GRACE_MS = 100;
const PATIENCE = { withinMs: 15_000, everyMs: 100 };

const topicOf = (channel: string) => `channel ${APP} ${channel}`;
const USER_TOPIC = 'users';

/** A worker with subscribers. */
class Party {
  readonly audience: StateAudience<BusNode>;
  isOver = false;

  private constructor(readonly node: BusNode) {
    this.audience = new StateAudience(node, APP, CHANNELS);
    node.pubSub.listen((message) => {
      if (message.type === 'members') this.audience.take(message);
      if (message.type === 'user-status') {
        this.audience.online.set(message.userId, message.isOnline);
      }
    });
    node.store.listen({
      onMembersChanged: (change) => this.tell(change),
      onUserStatus: (_, userId, isOnline) => this.announce(userId, isOnline),
      onPlaceChanged: () => undefined,
      onRestored: () => void this.reload(),
    });
  }

  static async begin(hub: BusHub): Promise<Party> {
    const party = new Party(new BusNode({ workerBus: hub.address }));
    const { node, audience } = party;
    await node.start();
    for (const topic of [...CHANNELS.map(topicOf), USER_TOPIC]) await node.pubSub.subscribe(topic);
    for (const userId of USERS) audience.online.set(userId, false);
    await party.reload();
    return party;
  }

  /** Ends as if the process had been killed, or in order. */
  async end(isInOrder: boolean): Promise<void> {
    if (isInOrder) await this.node.store.handOver();
    this.isOver = true;
    if (isInOrder) await this.node.stop();
    else this.node.crash();
  }

  /** One client comes, stays a while, and goes unless the worker ends before. */
  async visit(socketId: string, userId: string, random: Random): Promise<void> {
    const { store } = this.node;
    const channel = random.of(CHANNELS);
    await store.openConnection(APP, socketId, random.below(2) === 0 ? null : 1000);
    const joined = await store.join(APP, channel, socketId, memberOf(userId), 0);
    if (!joined.isFull && joined.isFirst) {
      this.tell({
        appId: APP,
        channel,
        version: joined.version,
        left: [],
        joined: [memberOf(userId)],
      });
    }
    store.setSubscriptions(APP, `news-${socketId}`, 1 + random.below(3));
    if (await store.signIn(APP, userId, socketId)) this.announce(userId, true);
    await sleep(random.below(100));
    if (this.isOver) return;
    store.setSubscriptions(APP, `news-${socketId}`, 0);
    await store.signOut(APP, userId, socketId, GRACE_MS);
    const { isLast, version } = await store.leave(APP, channel, socketId, userId);
    if (isLast) this.tell({ appId: APP, channel, version, left: [userId], joined: [] });
    await store.closeConnection(APP, socketId);
  }

  private tell(change: MembersChange): void {
    this.node.pubSub.publish(topicOf(change.channel), { ...change, type: 'members' });
  }

  private announce(userId: string, isOnline: boolean): void {
    this.node.pubSub.publish(USER_TOPIC, { type: 'user-status', appId: APP, userId, isOnline });
  }

  private async reload(): Promise<void> {
    await this.audience.askAgain();
    for (const channel of CHANNELS) await this.audience.reload(channel);
  }
}

async function expectToSurvive(seed: number): Promise<void> {
  const random = new Random(seed);
  const hub = await BusHub.start();
  const begin = () => Party.begin(hub);
  const parties = [await begin(), await begin(), await begin()];
  const over = new AbortController();
  const clients = Array.from({ length: CLIENTS }, async (_, i) => {
    const own = new Random(seed * 1000 + i);
    for (let visit = 0; !over.signal.aborted; visit++) {
      const party = own.of(parties);
      await party.visit(`${i}.${visit}`, USERS[i % USERS.length]!, own);
      await sleep(own.below(30));
    }
  });
  for (let i = 0; i < TROUBLES; i++) {
    await sleep(50 + random.below(200));
    const at = random.below(parties.length);
    const ending = parties[at]!;
    parties[at] = await begin();
    await ending.end(random.below(3) === 0);
  }
  over.abort();
  await Promise.all(clients);
  await eventually(() => expectAgreement(parties), PATIENCE);
  expect(parties.flatMap(({ audience }) => audience.faults)).toEqual([]);
}

/** Nobody is there any more, and everybody was told so. */
async function expectAgreement(parties: readonly Party[]): Promise<void> {
  for (const { node, audience } of parties) {
    expect(await node.store.countConnections(APP)).toBe(0);
    expect(await node.store.channels(APP, '')).toEqual([]);
    expect(await node.store.onlineUsers(APP, USERS)).toEqual([]);
    expect(USERS.filter((userId) => audience.online.get(userId))).toEqual([]);
    for (const channel of CHANNELS) {
      if (audience.views.get(channel)!.isBehind) await audience.reload(channel);
      expect(await node.members(APP, channel)).toEqual([]);
      expect(audience.told(channel)).toEqual([]);
    }
  }
}

const SEEDS = (process.env.WORKER_SEEDS ?? '1,2').split(',').map(Number);

beforeAll(() => Logger.overrideLogger(false));
afterEach(() => closeAll());

describe('Whatever happens to workers', () => {
  it.each(SEEDS)(
    'all agree in the end, and subscribers heard of everybody by turns (seed %i)',
    (seed) => expectToSurvive(seed),
    60_000,
  );
});
