import { Logger } from '@nestjs/common';
import { closeAll } from '../../../test/harness/eventually.js';
import { PubSubNode } from '../../../test/harness/pub-sub-node.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { describePubSubProvider } from '../../testing/pub-sub-provider.suite.js';

let redis: RedisServer;

beforeAll(async () => {
  Logger.overrideLogger(false);
  redis = await RedisServer.start();
});

afterAll(() => closeAll());

describePubSubProvider('RedisPubSubProvider', async () => {
  const options = { redis: redis.options };
  const nodes = await PubSubNode.startCluster(options, options, options);
  return {
    nodes: nodes.map(({ pubSub }) => pubSub),
    close: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
});
