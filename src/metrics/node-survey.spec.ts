import { Hub, startListedNode } from '../../test/harness/listed-nodes.js';
import type { OwnFigures } from './node-figures.js';
import { NodeSurvey } from './node-survey.js';

const FIGURES: OwnFigures = {
  version: '1.0.0',
  uptimeSeconds: 1,
  connections: 2,
  messagesReceived: 3,
  eventsPublished: 4,
  slowConsumers: 5,
  memoryBytes: 6,
};

/** Nodes that answer their number as that of their connections. */
async function setUp(count: number) {
  const hub = new Hub();
  const surveys: NodeSurvey[] = [];
  for (let i = 0; i < count; i++) {
    const { questions } = await startListedNode(hub);
    const survey = new NodeSurvey(questions);
    survey.describeBy(() => ({ ...FIGURES, connections: i }));
    surveys.push(survey);
  }
  return { hub, surveys };
}

describe('A survey of the nodes', () => {
  it('has the figures of every live node, whoever asks', async () => {
    const { hub, surveys } = await setUp(3);
    for (const survey of surveys) {
      const { nodes, isPartial } = await survey.ask();
      expect(isPartial).toBe(false);
      expect(nodes.map(({ nodeId }) => nodeId).sort()).toEqual([...hub.ids].sort());
      expect(nodes.map(({ connections }) => connections).sort()).toEqual([0, 1, 2]);
    }
  });

  it('is partial while nobody knows the figures of a node', async () => {
    const { questions } = await startListedNode(new Hub());
    expect(await new NodeSurvey(questions).ask()).toEqual({ nodes: [], isPartial: true });
  });

  it('asks nobody else while the others are out of reach', async () => {
    const { hub, surveys } = await setUp(2);
    hub.nodes[0]!.goDown();
    const { nodes, isPartial } = await surveys[0]!.ask();
    expect([nodes.length, isPartial]).toEqual([1, true]);
    expect(hub.sent).toEqual([]);
  });

  it.each([
    null,
    'figures',
    [FIGURES],
    { ...FIGURES, version: 1 },
    { ...FIGURES, uptimeSeconds: -1 },
    { ...FIGURES, uptimeSeconds: '1' },
    { ...FIGURES, connections: 1.5 },
    { ...FIGURES, messagesReceived: null },
    { ...FIGURES, eventsPublished: 2 ** 60 },
    { ...FIGURES, slowConsumers: undefined },
    { ...FIGURES, memoryBytes: [] },
  ])('has nothing of a node that answers %j', async (content) => {
    const { hub, surveys } = await setUp(1);
    const { questions } = await startListedNode(hub);
    questions.answer('figures', () => content);
    const { nodes, isPartial } = await surveys[0]!.ask();
    expect(nodes.map(({ nodeId }) => nodeId)).toEqual([hub.ids[0]]);
    expect(isPartial).toBe(true);
  });

  it('leaves out what it does not know, and believes nobody to be another node', async () => {
    const { hub, surveys } = await setUp(1);
    const { questions } = await startListedNode(hub);
    questions.answer('figures', () => ({ ...FIGURES, nodeId: hub.ids[0], later: 1 }));
    const { nodes, isPartial } = await surveys[0]!.ask();
    expect(nodes[1]).toEqual({ ...FIGURES, nodeId: hub.ids[1] });
    expect(isPartial).toBe(false);
  });
});
