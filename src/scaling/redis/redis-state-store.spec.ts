import { Logger } from '@nestjs/common';
import { closeAll } from '../../../test/harness/eventually.js';
import { RedisCluster } from '../../../test/harness/redis-cluster.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { memberOf, StateNode } from '../../../test/harness/state-node.js';
import { describeStateStore } from '../../testing/state-store.suite.js';
import type { PartialScalingOptions } from '../scaling.options.js';

type Start = () => Promise<PartialScalingOptions>;

const startServer: Start = async () => ({ redis: (await RedisServer.start()).options });
const startCluster: Start = async () => ({
  driver: 'redis-cluster',
  redis: (await RedisCluster.start()).options,
});

beforeAll(() => Logger.overrideLogger(false));

describe.each([
  ['one Redis', startServer],
  ['a Redis Cluster', startCluster],
] as const)('With %s', (name, start) => {
  describeStateStore(`RedisStateStore, three nodes over ${name}`, async () => {
    const nodes = await StateNode.startCluster(3, await start());
    return { nodes: nodes.map(({ store }) => store), close: closeAll };
  });

  describe('a roster that is asked for in the turn of the first join', () => {
    afterEach(() => closeAll());

    it('has who joins', async () => {
      const { store } = await StateNode.start(await start());
      for (let i = 0; i < 20; i++) {
        const joined = store.join('app', `presence-${i}`, '1.1', memberOf('1'), 0);
        const roster = store.roster('app', `presence-${i}`);
        expect(await joined).toMatchObject({ isFirst: true });
        expect([...(await roster)!.members]).toEqual([memberOf('1')]);
      }
    });
  });
});
