import { Logger } from '@nestjs/common';
import { BusHub } from '../../../test/harness/bus-nodes.js';
import { closeAll } from '../../../test/harness/eventually.js';
import { describePubSubProvider } from '../../testing/pub-sub-provider.suite.js';

beforeAll(() => Logger.overrideLogger(false));

describePubSubProvider('WorkerPubSubProvider, three workers', async () => {
  const nodes = await (await BusHub.start()).join(3);
  return { nodes: nodes.map(({ pubSub }) => pubSub), close: closeAll };
});
