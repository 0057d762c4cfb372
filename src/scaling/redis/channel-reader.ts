import type { Awaitable } from '../awaitable.js';
import type { ChannelState } from '../state-store.js';
import type { Membership } from './membership.js';
import type { StoreContext } from './store-context.js';

const PAGE_SIZE = 1000;
const PRESENCE = 'presence-';

/** Reads what the live nodes say of channels. */
export class ChannelReader {
  constructor(
    private readonly context: StoreContext,
    private readonly membership: Membership,
  ) {}

  /** See StateStore. */
  channel(appId: string, channel: string): Awaitable<ChannelState> {
    const alone = () => this.context.mirror.get(appId).channel(channel);
    if (!this.context.isUp) return alone();
    return this.context
      .attempt(() => this.readChannel(appId, channel))
      .then((state) => state ?? alone());
  }

  /** See StateStore. */
  channels(appId: string, prefix: string): Awaitable<readonly ChannelState[]> {
    const alone = () => this.context.mirror.get(appId).channels(prefix);
    if (!this.context.isUp) return alone();
    return this.context
      .attempt(() => this.readChannels(appId, prefix))
      .then((states) => states ?? alone());
  }

  private async readChannel(appId: string, channel: string): Promise<ChannelState> {
    const [users, counts] = await Promise.all([
      this.countUsers(appId, channel),
      this.readEverywhere((nodeId) => this.readCount(nodeId, appId, channel)),
    ]);
    const own = this.context.mirror.get(appId).subscriptions.get(channel) ?? 0;
    return { channel, subscriptions: counts.reduce((sum, count) => sum + count, own), users };
  }

  private async readEverywhere<T>(read: (nodeId: string) => Promise<T>): Promise<readonly T[]> {
    return Promise.all((await this.membership.readPeers()).map(read));
  }

  private async readCount(nodeId: string, appId: string, channel: string): Promise<number> {
    const { link, keys } = this.context;
    return Number(await link.commands.hget(keys.node(nodeId).subscriptions(appId), channel));
  }

  private async readChannels(appId: string, prefix: string): Promise<readonly ChannelState[]> {
    const counts = new Map<string, number>();
    await this.readEverywhere((nodeId) => this.readCounts(nodeId, appId, prefix, counts));
    for (const [channel, count] of this.context.mirror.get(appId).subscriptions) {
      if (channel.startsWith(prefix)) counts.set(channel, (counts.get(channel) ?? 0) + count);
    }
    const states: ChannelState[] = [];
    let some: Promise<ChannelState>[] = [];
    for (const [channel, subscriptions] of counts) {
      if (!channel.startsWith(PRESENCE)) states.push({ channel, subscriptions, users: 0 });
      else some.push(this.withUsers(appId, channel, subscriptions));
      if (some.length < PAGE_SIZE) continue;
      states.push(...(await Promise.all(some)));
      some = [];
    }
    states.push(...(await Promise.all(some)));
    return states;
  }

  private async readCounts(
    nodeId: string,
    appId: string,
    prefix: string,
    counts: Map<string, number>,
  ): Promise<void> {
    const key = this.context.keys.node(nodeId).subscriptions(appId);
    const pattern = `${prefix.replaceAll(/[\\*?[\]^-]/g, String.raw`\$&`)}*`;
    // A page may repeat what an earlier one had.
    const found = new Map<string, number>();
    let cursor = '0';
    do {
      const { commands } = this.context.link;
      const page = await commands.hscan(key, cursor, 'MATCH', pattern, 'COUNT', PAGE_SIZE);
      const [next, fields] = page;
      for (let i = 0; i < fields.length; i += 2) found.set(fields[i]!, Number(fields[i + 1]));
      cursor = next;
    } while (cursor !== '0');
    for (const [channel, count] of found) counts.set(channel, (counts.get(channel) ?? 0) + count);
  }

  private async withUsers(
    appId: string,
    channel: string,
    subscriptions: number,
  ): Promise<ChannelState> {
    return { channel, subscriptions, users: await this.countUsers(appId, channel) };
  }

  private async countUsers(appId: string, channel: string): Promise<number> {
    if (!channel.startsWith(PRESENCE)) return 0;
    const { link, keys } = this.context;
    return link.commands.hlen(keys.roster({ appId, channel }).holders);
  }
}
