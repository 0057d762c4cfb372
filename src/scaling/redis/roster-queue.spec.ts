import { RosterQueue } from './roster-queue.js';
import type { Step, StepOutcome } from './roster-step.js';

interface Round {
  readonly steps: readonly Step[];
  answer(outcomes: readonly StepOutcome[] | undefined): void;
}

let rounds: Round[];
let failed: string[];
let isUp: boolean;
let queue: RosterQueue;

const step = (userId: string, isHold = true): Step => ({ userId, isHold, origin: 'call' });
const namesOf = (steps: readonly Step[]) =>
  steps.map(({ userId, isHold }) => (isHold ? '+' : '-') + userId).join(' ');
const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Answers the last round; versions count on. */
async function answer(result: StepOutcome['result'] = 'changed'): Promise<void> {
  const { steps, answer: give } = rounds.at(-1)!;
  give(steps.map((_, i) => ({ result, version: rounds.length * 100 + i })));
  await turn();
}

beforeEach(() => {
  [rounds, failed, isUp] = [[], [], true];
  queue = new RosterQueue({
    canCarry: () => isUp,
    carry: (steps) => new Promise((resolve) => rounds.push({ steps, answer: resolve })),
    onFailed: (steps, wereSent) => failed.push(`${namesOf(steps)} ${wereSent ? 'sent' : 'kept'}`),
  });
});

describe('The steps of a roster', () => {
  it('are sent in the turn they are taken, if none is under way', () => {
    void queue.take(step('a'));
    expect(rounds.map(({ steps }) => namesOf(steps))).toEqual(['+a']);
    expect(queue.isIdle).toBe(false);
  });

  it('that come meanwhile go together, in their order', async () => {
    const ended = [step('a'), step('a', false), step('b'), step('a')].map((each) =>
      queue.take(each),
    );
    expect(rounds).toHaveLength(1);
    await answer();
    expect(rounds.map(({ steps }) => namesOf(steps))).toEqual(['+a', '-a +b +a']);
    await answer();
    const versions = (await Promise.all(ended)).map(({ version }) => version);
    expect(versions).toEqual([100, 200, 201, 202]);
    expect(queue.isIdle).toBe(true);
  });

  it('can be waited for by others who are concerned, until they are done', async () => {
    void queue.take(step('a'));
    const second = queue.take(step('a', false));
    expect(queue.stepOf('a')).toBe(second);
    expect(queue.stepOf('b')).toBeUndefined();
    await answer();
    expect(queue.stepOf('a')).toBe(second);
    await answer();
    expect(queue.stepOf('a')).toBeUndefined();
  });

  it('are concluded in their order, before anybody is told', async () => {
    const told: string[] = [];
    const take = (userId: string) =>
      queue
        .take({
          ...step(userId),
          conclude: (outcome) => {
            told.push(`concluded ${userId}`);
            return { ...outcome, result: 'full' };
          },
        })
        .then(({ result }) => told.push(`${userId} ${result}`));
    const all = [take('a'), take('b'), take('c')];
    await answer();
    await answer();
    await Promise.all(all);
    expect(told).toEqual([
      'concluded a',
      'a full',
      'concluded b',
      'concluded c',
      'b full',
      'c full',
    ]);
  });

  it('without an answer end so, and those that wait are tried', async () => {
    const [first, second] = [queue.take(step('a')), queue.take(step('b'))];
    rounds[0]!.answer(undefined);
    expect((await first).result).toBe('unknown');
    await answer();
    expect((await second).result).toBe('changed');
    expect(failed).toEqual(['+a sent']);
  });

  it('are not sent when Redis is away', async () => {
    const [first, second] = [queue.take(step('a')), queue.take(step('b'))];
    isUp = false;
    rounds[0]!.answer(undefined);
    expect((await Promise.all([first, second])).map(({ result }) => result)).toEqual([
      'unknown',
      'unknown',
    ]);
    expect(failed).toEqual(['+a sent', '+b kept']);
    expect(rounds).toHaveLength(1);
  });

  it('are not too many at once, and all are done when it is idle', async () => {
    void queue.take(step('first'));
    for (let i = 0; i < 1200; i++) void queue.take(step(`u${i}`));
    let isIdle = false;
    const idle = queue.whenIdle()!.then(() => (isIdle = true));
    for (let i = 0; i < 4; i++) {
      await answer();
      expect(isIdle).toBe(i === 3);
    }
    await idle;
    expect(rounds.map(({ steps }) => steps.length)).toEqual([1, 500, 500, 200]);
    expect(queue.whenIdle()).toBeUndefined();
  });
});
