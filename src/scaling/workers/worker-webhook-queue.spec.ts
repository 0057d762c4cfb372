import { Logger } from '@nestjs/common';
import { BusHub } from '../../../test/harness/bus-nodes.js';
import { closeAll } from '../../../test/harness/eventually.js';
import { describeWebhookQueue } from '../../testing/webhook-queue.suite.js';

beforeAll(() => Logger.overrideLogger(false));

describeWebhookQueue('WorkerWebhookQueue, three workers', async () => {
  const nodes = await (await BusHub.start()).join(3);
  return { queues: nodes.map(({ queue }) => queue), close: closeAll };
});
