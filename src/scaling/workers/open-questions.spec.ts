import { OpenQuestions } from './open-questions.js';

let questions: OpenQuestions;
let answers: string[];

const ask = (name: string) =>
  questions.add({ settle: (answer) => answers.push(`${name}: ${String(answer)}`), ifLost: 'lost' });

beforeEach(() => {
  questions = new OpenQuestions();
  answers = [];
});

describe('Questions', () => {
  it('are answered in the order they were asked', () => {
    ask('one');
    ask('two');
    questions.answer('a');
    ask('three');
    questions.answer('b');
    questions.answer('c');
    expect(answers).toEqual(['one: a', 'two: b', 'three: c']);
    expect(questions.size).toBe(0);
  });

  it('are so however many there are, some of them always open', () => {
    const expected: string[] = [];
    for (let i = 0; i < 5000; i++) ask(`${i}`);
    for (let i = 0; i < 20_000; i++) {
      expected.push(`${i}: ${i}`);
      ask(`${i + 5000}`);
      questions.answer(i);
    }
    expect(answers).toEqual(expected);
    expect(questions.size).toBe(5000);
  });

  it('that are never answered are settled as was said, each once', () => {
    for (const name of ['one', 'two', 'three']) ask(name);
    questions.answer('a');
    questions.giveUp();
    questions.giveUp();
    questions.answer('b');
    expect(answers).toEqual(['one: a', 'two: lost', 'three: lost']);
    expect(questions.size).toBe(0);
  });

  it('may be asked when others are given up', () => {
    questions.add({ settle: () => ask('later'), ifLost: undefined });
    questions.giveUp();
    expect(questions.size).toBe(1);
    questions.answer('a');
    expect(answers).toEqual(['later: a']);
  });
});
