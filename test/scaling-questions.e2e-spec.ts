import { ClusterQuestions } from '../src/scaling/cluster-questions.js';
import { closeAll, eventually } from './harness/eventually.js';
import { RedisServer } from './harness/redis-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

/** Two nodes that know of each other. */
async function startTwo() {
  const redis = await RedisServer.start();
  const start = async () => {
    const { app } = await startServer({ REVERB_SCALING_ENABLED: 'true', ...redis.variables });
    return app.get(ClusterQuestions, { strict: false });
  };
  const nodes = [await start(), await start()] as const;
  for (const node of nodes) node.answer('echo', (content) => content);
  await eventually(async () => {
    for (const node of nodes) expect((await node.ask('echo')).answers).toHaveLength(2);
  });
  return { redis, nodes };
}

describe('A question over Redis', () => {
  it('and its answers are any JSON, of any size', async () => {
    const { nodes } = await startTwo();
    const contents = [
      null,
      false,
      -1.5e300,
      'é "\ud83d\ude00" \ud800 \u0000',
      [[], {}],
      JSON.parse('{"__proto__":{"a":1},"constructor":null}'),
      Array.from({ length: 5_000 }, (_, i) => ({ name: `channel-${i}`, subscriptions: i })),
    ];
    for (const content of contents) {
      for (const node of nodes) {
        const { answers, isPartial } = await node.ask('echo', content);
        expect(answers.map((answer) => answer.content)).toEqual([content, content]);
        expect(isPartial).toBe(false);
      }
    }
  });

  it('waits no longer than a second for a node that has nothing to say', async () => {
    const { nodes } = await startTwo();
    nodes[0].answer('one', () => 1);
    const { answers, silent, isPartial } = await nodes[0].ask('one');
    expect(answers.map(({ content }) => content)).toEqual([1]);
    expect(silent).toHaveLength(1);
    expect(isPartial).toBe(true);
  });
});
