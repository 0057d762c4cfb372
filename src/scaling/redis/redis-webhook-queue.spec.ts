import { closeAll } from '../../../test/harness/eventually.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { describeWebhookQueue } from '../../testing/webhook-queue.suite.js';
import { completeScalingOptions } from '../scaling.options.js';
import { RedisConnections } from './redis-connections.js';
import { RedisWebhookQueue } from './redis-webhook-queue.js';

describeWebhookQueue('Redis', async () => {
  const redis = await RedisServer.start();
  const options = completeScalingOptions({
    enabled: true,
    redis: redis.options,
    heartbeatSeconds: 0.2,
    leaseSeconds: 1,
  });
  const nodes = Array.from({ length: 3 }, () => {
    const link = new RedisConnections(options);
    return { link, queue: new RedisWebhookQueue(link, options) };
  });
  for (const { link, queue } of nodes) {
    await queue.prepare();
    await link.open();
  }
  return {
    queues: nodes.map(({ queue }) => queue),
    close: async () => {
      for (const { link, queue } of nodes) {
        await queue.close(1000);
        await link.close();
      }
      await closeAll();
    },
  };
});
