import { describePubSubProvider, describeStateStore } from 'revurb/testing';
import { describeWithNats, NatsServer } from './testing/nats-server.js';
import { startNodes } from './testing/test-node.js';

const NODES = 3;

describeWithNats('The NATS driver', () => {
  let server: NatsServer;

  beforeAll(async () => {
    server = await NatsServer.start();
  });

  afterAll(() => server?.close());

  /** Three nodes of one cluster. */
  async function startCluster() {
    const nodes = await startNodes(NODES, server.address);
    const close = async () => {
      await Promise.all(nodes.map((node) => node.close()));
    };
    return { nodes, close };
  }

  describePubSubProvider('NatsPubSubProvider', async () => {
    const { nodes, close } = await startCluster();
    return { nodes: nodes.map(({ pubSub }) => pubSub), close };
  });

  describeStateStore('NatsStateStore', async () => {
    const { nodes, close } = await startCluster();
    return { nodes: nodes.map(({ stateStore }) => stateStore), close };
  });
});
