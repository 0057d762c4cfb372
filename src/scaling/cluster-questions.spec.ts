import { Logger } from '@nestjs/common';
import { jest } from '@jest/globals';
import { Hub, startListedNode } from '../../test/harness/listed-nodes.js';
import type { ClusterAnswers } from './cluster-questions.js';

const STRANGER = 'fedcba9876543210';

let errors: jest.SpiedFunction<Logger['error']>;

beforeEach(() => {
  errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
});

afterEach(() => jest.restoreAllMocks());

/** Nodes that answer on `sum` their number and what they were asked. */
async function setUp(count: number) {
  const hub = new Hub();
  const nodes: Awaited<ReturnType<typeof startListedNode>>[] = [];
  for (let i = 0; i < count; i++) {
    const node = await startListedNode(hub);
    node.questions.answer('sum', (content) => [i, content]);
    nodes.push(node);
  }
  return { hub, ids: hub.ids, nodes, first: nodes[0]!.questions };
}

/** What is certain of them. */
const plain = ({ answers, silent, isPartial }: ClusterAnswers) => ({
  answers: Object.fromEntries(answers.map(({ nodeId, content }) => [nodeId, content])),
  silent,
  isPartial,
});

describe('A question to the cluster', () => {
  it('is answered by every live node once, whoever asks, and says how long each took', async () => {
    const { ids, nodes } = await setUp(3);
    for (const { questions } of nodes) {
      const result = await questions.ask('sum', { a: [1] });
      expect(plain(result)).toEqual({
        answers: Object.fromEntries(ids.map((id, i) => [id, [i, { a: [1] }]])),
        silent: [],
        isPartial: false,
      });
      for (const { tookMs } of result.answers) expect(tookMs).toBeGreaterThanOrEqual(0);
    }
  });

  it('goes to nobody when the node is alone', async () => {
    const { hub, ids, first } = await setUp(1);
    const result = plain(await first.ask('sum', 1));
    expect(result).toEqual({ answers: { [ids[0]!]: [0, 1] }, silent: [], isPartial: false });
    expect(hub.sent).toEqual([]);
  });

  it('may have no content, which is null', async () => {
    const { ids, first } = await setUp(2);
    const { answers } = plain(await first.ask('sum'));
    expect(answers).toEqual({ [ids[0]!]: [0, null], [ids[1]!]: [1, null] });
  });

  it('is one of many at a time, each with its own answers', async () => {
    const { ids, nodes, first } = await setUp(2);
    for (const { questions } of nodes) questions.answer('later', async (content) => content);
    const results = await Promise.all([
      ...['a', 'b', 'c'].map((content) => first.ask('later', content)),
      nodes[1]!.questions.ask('sum', 'd'),
    ]);
    const contents = results.map((result) => ids.map((id) => plain(result).answers[id]));
    expect(contents.slice(0, 3)).toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
    expect(contents[3]).toEqual([
      [0, 'd'],
      [1, 'd'],
    ]);
  });

  it('ends without those who do not answer in time, and names them', async () => {
    const { ids, first } = await setUp(2);
    ids.push(STRANGER);
    const result = plain(await first.ask('sum', 1));
    expect(result).toMatchObject({ silent: [STRANGER], isPartial: true });
    expect(Object.keys(result.answers)).toHaveLength(2);
  });

  it('takes no answer twice, none that nobody asked for, and none of a stranger', async () => {
    const { hub, ids, first } = await setUp(2);
    const asked = first.ask('sum', 1);
    const [question] = hub.sent;
    if (question?.type !== 'ask') throw new Error('Nothing was asked.');
    const { questionId } = question;
    const forge = (id: string, nodeId: string, content: unknown) =>
      hub.publish(`node ${ids[0]}`, { type: 'answer', questionId: id, nodeId, content });
    forge(questionId, STRANGER, 'stranger');
    forge('another', ids[1]!, 'another');
    forge(questionId, ids[0]!, 'twice');
    const result = await asked;
    forge(questionId, ids[1]!, 'late');
    await new Promise(setImmediate);
    expect(result.answers).toHaveLength(2);
    expect(plain(result)).toEqual({
      answers: { [ids[0]!]: [0, 1], [ids[1]!]: [1, 1] },
      silent: [],
      isPartial: false,
    });
  });

  it('goes to this node alone while the others are out of reach', async () => {
    const { hub, ids, first } = await setUp(2);
    hub.nodes[0]!.goDown();
    expect(plain(await first.ask('sum', 1))).toEqual({
      answers: { [ids[0]!]: [0, 1] },
      silent: [ids[1]],
      isPartial: true,
    });
    expect(hub.sent).toEqual([]);
  });

  it('goes to nodes that are about to stop only if it is to', async () => {
    const { hub, ids, first } = await setUp(3);
    hub.leaving.push(...ids.splice(2));
    expect(Object.keys(plain(await first.ask('sum', 1)).answers)).toEqual(ids);
    expect(plain(await first.askAlsoLeaving('sum', 1))).toEqual({
      answers: { [ids[0]!]: [0, 1], [ids[1]!]: [1, 1], [hub.leaving[0]!]: [2, 1] },
      silent: [],
      isPartial: false,
    });
    hub.leaving.push(STRANGER);
    const { silent, isPartial } = await first.askAlsoLeaving('sum');
    expect({ silent, isPartial }).toEqual({ silent: [STRANGER], isPartial: true });
  });

  it('is over when the node stops, with what has been answered', async () => {
    const { ids, first } = await setUp(1);
    ids.push(STRANGER);
    const asked = first.ask('sum', 1);
    await new Promise(setImmediate);
    first.onModuleDestroy();
    expect(plain(await asked)).toMatchObject({
      answers: { [ids[0]!]: [0, 1] },
      silent: [STRANGER],
    });
  });
});

describe('A node is silent', () => {
  it('on what nobody answers', async () => {
    const { ids, nodes, first } = await setUp(2);
    expect(plain(await first.ask('toString', 1))).toEqual({
      answers: {},
      silent: ids,
      isPartial: true,
    });
    nodes[1]!.questions.answer('there', () => 'here');
    expect(plain(await first.ask('there', 1))).toEqual({
      answers: { [ids[1]!]: 'here' },
      silent: [ids[0]],
      isPartial: true,
    });
    expect(errors).not.toHaveBeenCalled();
  });

  it('when the answer is undefined, but not when it is anything else', async () => {
    const { first } = await setUp(1);
    for (const [subject, answer] of Object.entries({
      null: null,
      false: false,
      zero: 0,
      empty: '',
    })) {
      first.answer(subject, () => answer);
      expect((await first.ask(subject)).answers.map(({ content }) => content)).toEqual([answer]);
    }
    first.answer('undefined', async () => undefined);
    expect((await first.ask('undefined')).silent).toHaveLength(1);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('broken'))],
  ])('when who answers %s, which it logs', async (_, fail) => {
    const { ids, nodes, first } = await setUp(2);
    first.answer('here', fail);
    nodes[1]!.questions.answer('here', () => 1);
    expect(plain(await first.ask('here'))).toMatchObject({ silent: [ids[0]] });
    expect(errors).toHaveBeenCalledTimes(1);
    expect(plain(await nodes[1]!.questions.ask('here'))).toMatchObject({ silent: [ids[0]] });
    const logged = ['A question about "here" could not be answered', new Error('broken')];
    expect(errors.mock.calls).toEqual([logged, logged]);
  });

  it('when it answers too late, and nothing changes any more', async () => {
    const { ids, first } = await setUp(1);
    let answer: (content: string) => void = () => undefined;
    first.answer('later', () => new Promise((resolve) => (answer = resolve)));
    const result = await first.ask('later');
    answer('late');
    await new Promise(setImmediate);
    expect(plain(result)).toEqual({ answers: {}, silent: ids, isPartial: true });
  });
});

describe('A subject', () => {
  it('is answered by one alone', async () => {
    const { first } = await setUp(1);
    expect(() => first.answer('sum', () => 1)).toThrow('"sum" is answered already.');
  });
});
