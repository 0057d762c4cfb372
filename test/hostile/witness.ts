import { setTimeout as sleep } from 'node:timers/promises';
import { ChannelManager } from '../../src/channels/channel.manager.js';
import { ConnectionRegistry } from '../../src/connections/connection.registry.js';
import { eventually } from '../harness/eventually.js';
import { PusherClient } from '../harness/pusher-client.js';
import { signedRequest } from '../harness/signed-request.js';
import type { ReusedServer } from '../harness/shared-server.js';

/** Where the witness sits. */
export const WITNESSED = ['witness', 'private-witness', 'presence-witness'] as const;
const EVERY_MS = 10;

/**
 * A well-behaved client beside the hostile ones. Events are published to it all the time, and it
 * must get exactly these, in order, and nothing else.
 */
export class Witness {
  /** How many events it must have got in each of its channels. */
  published = 0;
  private isPublishing = true;
  private readonly publishing: Promise<void>;

  private constructor(
    readonly server: ReusedServer,
    readonly client: PusherClient,
  ) {
    this.publishing = this.publish();
  }

  static async of(server: ReusedServer): Promise<Witness> {
    const client = await PusherClient.connect(server);
    await client.subscribe('witness');
    await client.subscribePrivate('private-witness', server);
    await client.subscribePresence('presence-witness', { user_id: 'witness' }, server);
    return new Witness(server, client);
  }

  /** Publishes no more. */
  async hearLast(): Promise<void> {
    this.isPublishing = false;
    await this.publishing;
  }

  private async publish(): Promise<void> {
    while (this.isPublishing) {
      const data = String(this.published++);
      const body = { name: 'tick', channels: WITNESSED, data };
      const { status } = await signedRequest(this.server, 'POST', 'events', { body });
      if (status !== 200) throw new Error(`A publish was answered with ${status}.`);
      await sleep(EVERY_MS);
    }
  }
}

/** The witness noticed nothing, nothing was logged, and all others are gone without a trace. */
export async function expectNothingNoticed({ server, client, published }: Witness): Promise<void> {
  await eventually(() => expect(client.pendingFrames.length).toBe(published * WITNESSED.length));
  for (const channel of WITNESSED) {
    const numbers = client.pendingFrames
      .filter((frame) => frame.channel === channel && frame.event === 'tick')
      .map(({ data }) => Number(data));
    expect(numbers).toEqual(Array.from({ length: published }, (_, i) => i));
  }
  expect(client.isOpen).toBe(true);
  expect(published).toBeGreaterThan(0);
  await expectNobodyElse(server);
  const loud = server.logs.lines.filter(({ level }) => !['log', 'debug'].includes(level));
  expect(loud).toEqual([]);
  await client.close();
}

/** The API and the server itself know of the witness alone. */
async function expectNobodyElse(server: ReusedServer): Promise<void> {
  const get = async (path: string) => (await signedRequest(server, 'GET', path)).json;
  const present = Object.fromEntries(WITNESSED.map((channel) => [channel, {}]));
  await eventually(async () => {
    expect(await get('connections')).toEqual({ connections: 1 });
    expect(await get('channels')).toEqual({ channels: present });
    expect(server.app.get(ConnectionRegistry, { strict: false }).size).toBe(1);
  });
  expect(await get('channels/presence-witness/users')).toEqual({ users: [{ id: 'witness' }] });
  const channels = server.app.get(ChannelManager, { strict: false });
  expect(channels.find(server.appId, 'hostile')).toBeUndefined();
}
