import { describeWebhookQueue } from '../testing/webhook-queue.suite.js';
import { MemoryWebhookQueue } from './memory-webhook-queue.js';

describeWebhookQueue('The memory', () => {
  const queue = new MemoryWebhookQueue();
  return { queues: [queue], close: () => queue.onApplicationShutdown() };
});
