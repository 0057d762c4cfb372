import { member, signedIn, subscriber } from '../harness/cluster-clients.js';
import { closeAll } from '../harness/eventually.js';
import { NodeCluster } from '../harness/node-cluster.js';
import { publish } from '../harness/publish.js';
import { RedisServer } from '../harness/redis-server.js';
import type { ServerProcess } from '../harness/server-process.js';
import { INSPECTED } from './harness/inspected-server.js';
import { Inspector } from './harness/inspector.js';
import { useChromium } from './harness/use-chromium.js';

const chromium = useChromium();
const NODE_ID = /^[0-9a-f]{16}/;

let redis: RedisServer;
let cluster: NodeCluster;
let one: ServerProcess;
let two: ServerProcess;

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await NodeCluster.start(2, redis, INSPECTED);
  [one, two] = cluster.nodes as [ServerProcess, ServerProcess];
});

afterAll(closeAll);

const open = () => Inspector.open(chromium, one, { nodes: 2 });

describe('The inspector of one node', () => {
  it('shows who is on another, and intervenes there', async () => {
    const inspector = await open();
    const afar = await signedIn(two, 'bert');
    const near = await signedIn(one, 'bert');
    await inspector.expectRecord('connected', afar.socketId);
    await afar.subscribe('orders');
    await inspector.expectRecord('subscribed', 'orders', afar.socketId);
    await inspector.goTo('Channels');
    await (await inspector.expectRow('Channels', 'orders')).click();
    await (await inspector.expectRow('Subscribers', afar.socketId)).click();
    await inspector.button(`Disconnect ${afar.socketId}`).click();
    expect(await inspector.confirm('Disconnect')).toBe('1 connection closed.');
    await afar.expectClose(4009);
    await near.roundTrip();
    await inspector.goTo('Connections');
    await inspector.expectRow('Connections', near.socketId);
    await inspector.expectNoRow('Connections', afar.socketId);
  });

  it('publishes to clients of another, and adds up what both know', async () => {
    const inspector = await open();
    await member(one, 'presence-room-7', 'anna');
    const afar = await member(two, 'presence-room-7', 'bert');
    await inspector.goTo('Channels');
    await inspector.expectRow('Channels', /^presence-room-7presence22/);
    await (await inspector.expectRow('Channels', 'presence-room-7')).click();
    await inspector.expectRow('2 members', 'bert');
    await inspector.button('Publish to it').click();
    await inspector.field('Event name').fill('hello');
    await inspector.button('Publish').click();
    await inspector.confirm('Publish');
    await afar.expectFrame('hello', { channel: 'presence-room-7' });
    await inspector.goTo('Charts');
    await inspector.page.getByRole('slider').first().waitFor();
    await inspector.goTo('Nodes');
    await inspector.expectText(/^2 nodes\./);
    expect(await inspector.rows('Nodes', NODE_ID, 'sees the others').count()).toBe(2);
  });

  it('traces an event to both', async () => {
    const inspector = await open();
    const author = await subscriber(one, 'traced');
    await subscriber(two, 'traced');
    await subscriber(two, 'traced');
    await publish(two, 'traced', 'edited', '{}', { socket_id: author.socketId });
    const details = await inspector.openRecord('published', 'edited');
    const steps = details.getByRole('listitem');
    await steps.filter({ hasText: 'Written to 2 sockets · traced' }).waitFor();
    await steps
      .filter({ hasText: 'Written to 0 sockets · traced' })
      .getByText(`not to ${author.socketId}, which is excluded`)
      .waitFor();
    await details.getByText(/^2 sockets on 2 nodes · /).waitFor();
    const nodes = await steps
      .filter({ hasText: 'Written to' })
      .locator('.step-notes')
      .allTextContents();
    expect(new Set(nodes.map((notes) => NODE_ID.exec(notes)?.[0])).size).toBe(2);
  });
});

describe('A fault', () => {
  it('of Redis is told, and is over when it is over', async () => {
    const inspector = await open();
    await redis.kill();
    await inspector.expectText('some do not answer');
    await inspector.expectRecord('redis');
    await inspector.goTo('Nodes');
    await inspector.expectText(/^Partial: /);
    await inspector.expectRow('Nodes', 'cut off');
    await inspector.goTo('Tail');
    const near = await subscriber(one, 'still-seen');
    await inspector.expectRecord('subscribed', 'still-seen', near.socketId);
    await redis.restart();
    await cluster.untilUp();
    await inspector.expectLive(2);
    const afar = await subscriber(two, 'seen-again');
    await inspector.expectRecord('subscribed', 'seen-again', afar.socketId);
    await inspector.goTo('Nodes');
    await inspector.expectText(/^2 nodes\./);
    await inspector.expectNoNotice();
  });

  it('of a node is told, until it is forgotten', async () => {
    const third = await cluster.add();
    const inspector = await Inspector.open(chromium, one, { nodes: 3 });
    const lost = await subscriber(third, 'lost');
    await inspector.goTo('Nodes');
    await inspector.expectText(/^3 nodes\./);
    await cluster.kill(third);
    await inspector.expectText(/^(Silent: [0-9a-f]{16}|2 nodes)\./);
    await inspector.expectText(/^2 nodes\./);
    await inspector.expectNoNotice();
    await inspector.goTo('Connections');
    await inspector.expectNoRow('Connections', lost.socketId);
    await inspector.expectLive(2);
    await inspector.goTo('Tail');
    await inspector.page.getByRole('row').filter({ hasText: 'node' }).first().waitFor();
  });
});
