import { closeAll, eventually } from './harness/eventually.js';
import { INSPECTOR_VARIABLES, InspectorPage } from './harness/inspector-page.js';
import { NodeCluster } from './harness/node-cluster.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer, type MonitorRecord } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';

/** Longer than what was read is kept, if it was read at once. */
const KEPT_MS = 1_600;
const ROOMS = 40;
const LIST = 'apps/app-id/channels';

let redis: RedisServer;
let cluster: NodeCluster<ServerHere>;
let page: InspectorPage;

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await NodeCluster.startWith(2, redis, INSPECTOR_VARIABLES, ServerHere.start);
  page = await InspectorPage.signIn(cluster.nodes[0]!);
  for (const node of cluster.nodes) {
    const client = await PusherClient.connect(node);
    const rooms = Array.from({ length: ROOMS }, (_, i) => `presence-${i}`);
    await Promise.all(
      rooms.map((room) => client.subscribePresence(room, { user_id: node.port }, node)),
    );
  }
});

afterAll(closeAll);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Of what Redis was asked, how much was about users of channels; scripts write that in capitals. */
const aboutUsers = ({ lines }: MonitorRecord) =>
  lines.filter((line) => /^"hlen" .*presence-/.test(line)).length;

describe('All channels of an application', () => {
  it('are read once for all pages and searches, and never when nobody looks', async () => {
    await eventually(
      async () => {
        const { channels, total, isPartial } = await page.get(LIST);
        expect({ total, isPartial }).toEqual({ total: ROOMS, isPartial: false });
        for (const channel of channels) {
          expect(channel).toMatchObject({ subscriptions: 2, users: 2 });
        }
      },
      { withinMs: 10_000 },
    );
    const monitor = await redis.monitor();
    await pause(KEPT_MS);
    expect(aboutUsers(monitor)).toBe(0);
    const searches = ['', 'presence', '3', '39', ''];
    const answers = await Promise.all(
      searches.map((search) => page.get(`${LIST}?search=${search}`)),
    );
    expect(answers.map(({ total }) => total)).toEqual([ROOMS, ROOMS, 13, 1, ROOMS]);
    await pause(KEPT_MS);
    // None, should what was read before have taken so long that it is still good.
    expect([0, ROOMS]).toContain(aboutUsers(monitor));
    monitor.close();
  });

  it('are read anew when a while has passed', async () => {
    await page.get(LIST);
    const client = await PusherClient.connect(cluster.nodes[1]!);
    await client.subscribe('new-one');
    await eventually(
      async () => {
        expect(await page.get(`${LIST}?search=new-one`)).toMatchObject({ total: 1 });
      },
      { withinMs: 10_000 },
    );
    await client.close();
  });
});
