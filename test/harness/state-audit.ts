import type { Redis } from 'ioredis';
import type { StateNode } from './state-node.js';

/** Sends a command to whatever server has the key. */
export type Ask = (...command: readonly string[]) => Promise<unknown>;

/** What the mirrors of the nodes say of one roster: how many nodes hold each user. */
function expectedHolders(
  nodes: readonly StateNode[],
  appId: string,
  channel: string | undefined,
): Record<string, string> {
  const holders: Record<string, number> = {};
  for (const node of nodes) {
    for (const userId of heldBy(node, appId, channel)) holders[userId] = (holders[userId] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(holders).map(([id, count]) => [id, String(count)]));
}

function heldBy({ context }: StateNode, appId: string, channel: string | undefined): string[] {
  const application = context.mirror.get(appId);
  const users =
    channel === undefined ? application.users : application.presence.get(channel)?.users;
  return [...(users?.keys() ?? [])].sort();
}

const toRecord = (fields: unknown): Record<string, string> => {
  const record: Record<string, string> = {};
  const texts = fields as string[];
  for (let i = 0; i < texts.length; i += 2) record[texts[i]!] = texts[i + 1]!;
  return record;
};

/** Expects that Redis has of an application what the mirrors of the live nodes say, and nothing else. */
export async function expectAgreement(
  ask: Ask,
  nodes: readonly StateNode[],
  appId: string,
  channels: readonly string[],
): Promise<void> {
  const { keys } = nodes[0]!.context;
  for (const channel of [...channels, undefined]) {
    const roster = keys.roster({ appId, channel });
    const holders = expectedHolders(nodes, appId, channel);
    expect([channel, toRecord(await ask('HGETALL', roster.holders))]).toEqual([channel, holders]);
    if (channel !== undefined) {
      const members = (await ask('HKEYS', roster.members)) as string[];
      expect(members.sort()).toEqual(Object.keys(holders).sort());
    }
    for (const node of nodes) {
      const own = (await ask('SMEMBERS', roster.own(node.store.nodeId))) as string[];
      expect(own.sort()).toEqual(heldBy(node, appId, channel));
    }
  }
  for (const node of nodes) {
    const { connections, subscriptions } = node.context.mirror.get(appId);
    const key = keys.node(node.store.nodeId).subscriptions(appId);
    const counts = [...subscriptions].map(([channel, count]) => [channel, String(count)]);
    expect(toRecord(await ask('HGETALL', key))).toEqual(Object.fromEntries(counts));
    const count = (await ask('HGET', keys.connections(appId), node.store.nodeId)) as string | null;
    expect(Number(count?.split(':')[1] ?? 0)).toBe(connections.size);
  }
}

/** Expects that nothing in Redis stays for ever. */
export async function expectAllToExpire(redis: Pick<Redis, 'call'>): Promise<void> {
  const names = (await redis.call('KEYS', '*')) as string[];
  for (const name of names) {
    expect([name, Number(await redis.call('PTTL', name)) > 0]).toEqual([name, true]);
  }
}
