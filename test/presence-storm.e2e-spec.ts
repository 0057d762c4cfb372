import { eventually } from './harness/eventually.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { publish, usersIn } from './harness/publish.js';
import { Random } from './harness/random.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';

afterEach(closeAll);

const ROOM = 'presence-room';
const SOCKETS = 60;
const USERS = 25;

/** One place in the storm: a user's connection, in the channel or not. */
class Tab {
  private isIn = false;

  private constructor(
    readonly userId: string,
    private readonly server: SharedServer,
    private client: PusherClient,
  ) {}

  static async open(server: SharedServer, userId: string): Promise<Tab> {
    return new Tab(userId, server, await PusherClient.connect(server));
  }

  get present(): PusherClient | undefined {
    return this.isIn ? this.client : undefined;
  }

  join(): void {
    const auth = this.client.presenceAuth(ROOM, { user_id: this.userId }, this.server);
    this.client.sendSubscribe(ROOM, auth);
    this.isIn = true;
  }

  leave(): void {
    this.client.unsubscribe(ROOM);
    this.isIn = false;
  }

  /** Breaks off, and comes back with another connection. */
  async reconnect(): Promise<void> {
    this.isIn = false;
    const gone = this.client.terminate();
    this.client = await PusherClient.connect(this.server);
    await gone;
  }
}

async function openTabs(server: SharedServer): Promise<Tab[]> {
  const users = Array.from({ length: SOCKETS }, (_, i) => `user-${i % USERS}`);
  return Promise.all(users.map((userId) => Tab.open(server, userId)));
}

/** Everybody in the channel, the API and the model agree on who is there. */
async function expectAgreement(server: SharedServer, tabs: readonly Tab[]): Promise<void> {
  const expected = [...new Set(tabs.flatMap((tab) => (tab.present ? tab.userId : [])))].sort();
  await eventually(async () => expect(await usersIn(server, ROOM)).toEqual(expected));
  await publish(server, ROOM, 'settled');
  for (const { present } of tabs) {
    if (present === undefined) continue;
    await present.expectFrame('settled');
    expect(rosterSeenBy(present, ROOM)).toEqual(expected);
  }
}

describe('In a storm of joins and leaves', () => {
  it.each([1, 2, 3])('everybody knows who is there (seed %i)', async (seed) => {
    const server = await sharedServer();
    const random = new Random(seed);
    const tabs = await openTabs(server);
    for (let round = 0; round < 8; round++) {
      const breaks: Promise<void>[] = [];
      const broken = new Set<Tab>();
      for (let i = 0; i < 150; i++) {
        const tab = random.of(tabs);
        if (broken.has(tab)) continue;
        const turn = random.below(20);
        if (turn === 0) {
          broken.add(tab);
          breaks.push(tab.reconnect());
        } else if (turn < 9) {
          tab.leave();
        } else {
          tab.join();
        }
      }
      await Promise.all(breaks);
      await expectAgreement(server, tabs);
    }
  });

  it('nobody stays behind when all break off at once', async () => {
    const server = await sharedServer();
    const witness = await Tab.open(server, 'witness');
    witness.join();
    const tabs = await openTabs(server);
    for (const tab of tabs) tab.join();
    await expectAgreement(server, [witness, ...tabs]);
    await Promise.all(tabs.map((tab) => tab.reconnect()));
    await expectAgreement(server, [witness]);
  });
});
