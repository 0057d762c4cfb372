import { Logger } from '@nestjs/common';
import { BusHub } from '../../../test/harness/bus-nodes.js';
import { closeAll } from '../../../test/harness/eventually.js';
import { describeStateStore } from '../../testing/state-store.suite.js';

beforeAll(() => Logger.overrideLogger(false));

describeStateStore('WorkerStateStore, three workers', async () => {
  const nodes = await (await BusHub.start()).join(3);
  return { nodes: nodes.map(({ store }) => store), close: closeAll };
});
