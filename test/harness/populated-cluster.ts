import { changesSeenBy, member, signedIn, toldTo } from './cluster-clients.js';
import { eventually } from './eventually.js';
import { NodeCluster, type ClusterNode, type StartNode } from './node-cluster.js';
import { rosterSeenBy } from './presence-model.js';
import { publish } from './publish.js';
import { RedisServer } from './redis-server.js';

/** The presence channel of {@link startPopulated}. */
export const ROOM = 'presence-room';
const COUNTS = { info: 'user_count,subscription_count' };

/** Two nodes over a Redis of their own. */
export async function startTwo<Node extends ClusterNode>(
  startNode: StartNode<Node>,
  variables: Record<string, string> = {},
) {
  const redis = await RedisServer.start();
  const cluster = await NodeCluster.startWith(2, redis, variables, startNode);
  const [one, two] = cluster.nodes as [Node, Node];
  return { redis, cluster, one, two };
}

/**
 * Two nodes with members and users on both. `expectRight`: the nodes come to agree on the right
 * answers; `expectQuiet`: no client was told anything since.
 */
export async function startPopulated<Node extends ClusterNode>(
  startNode: StartNode<Node>,
  variables: Record<string, string> = {},
) {
  const started = await startTwo(startNode, { REVERB_WEBHOOK_GRACE: '1', ...variables });
  const { cluster, one, two } = started;
  const ann = await member(one, ROOM, 'ann', { name: 'Ann' });
  const bob = await member(two, ROOM, 'bob', { name: 'Bob' });
  const tab = await member(two, ROOM, 'ann', { name: 'Ann' });
  const watcher = await signedIn(one, 'watcher', 'cid');
  const cid = await signedIn(two, 'cid');
  await publish(one, 'cache-price', 'price', '5');
  await eventually(() => expect(toldTo(watcher)).toEqual(['online cid']));
  await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann', 'bob']));
  const expectRight = async () => {
    await cluster.untilAllAnswer('connections', { connections: 5 });
    await cluster.untilAllAnswer(
      `channels/${ROOM}`,
      { occupied: true, user_count: 2, subscription_count: 3 },
      { query: COUNTS },
    );
    await cluster.untilUp();
  };
  await expectRight();
  const expectQuiet = () => {
    for (const client of [ann, bob, tab]) {
      expect(rosterSeenBy(client, ROOM)).toEqual(['ann', 'bob']);
    }
    expect(changesSeenBy(ann, ROOM)).toEqual(['added bob']);
    expect([...changesSeenBy(bob, ROOM), ...changesSeenBy(tab, ROOM)]).toEqual([]);
    expect(toldTo(watcher)).toEqual(['online cid']);
  };
  return { ...started, ann, bob, tab, watcher, cid, expectRight, expectQuiet };
}
