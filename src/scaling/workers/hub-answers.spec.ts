import { HubAnswers, type AnswerSeeker } from './hub-answers.js';

let nowMs: number;
let answers: HubAnswers;

/** A worker, and what it was told. */
class Seeker implements AnswerSeeker {
  readonly told: string[] = [];
  askToMake = (key: string) => void this.told.push(`make ${key}`);
  giveAnswer = (key: string, text: string) => void this.told.push(`${key}: ${text}`);
}

let one: Seeker;
let two: Seeker;
let three: Seeker;

beforeEach(() => {
  nowMs = 0;
  answers = new HubAnswers(() => nowMs);
  [one, two, three] = [new Seeker(), new Seeker(), new Seeker()];
});

describe('An answer that is made once', () => {
  it('is made by the first who asks, and waited for by the others', () => {
    for (const seeker of [one, two, three]) answers.claim(seeker, 'a');
    expect([one.told, two.told, three.told]).toEqual([['make a'], [], []]);
    answers.made(one, 'a', 'text', 100);
    expect([one.told, two.told, three.told]).toEqual([['make a'], ['a: text'], ['a: text']]);
  });

  it('is remembered for its time', () => {
    answers.claim(one, 'a');
    answers.made(one, 'a', '', 100);
    nowMs = 99;
    answers.sweep();
    answers.claim(two, 'a');
    nowMs = 100;
    answers.sweep();
    answers.claim(three, 'a');
    expect([two.told, three.told]).toEqual([['a: '], ['make a']]);
  });

  it('is made anew by who has waited longest when it fails, or its maker is gone', () => {
    for (const seeker of [one, two, three]) answers.claim(seeker, 'a');
    answers.failed(one, 'a');
    expect([one.told, two.told, three.told]).toEqual([['make a'], ['make a'], []]);
    answers.forget(two);
    expect(three.told).toEqual(['make a']);
    answers.made(three, 'a', 'text', 100);
    answers.claim(one, 'a');
    expect(one.told).toEqual(['make a', 'a: text']);
  });

  it('is made by the next who asks when nobody waited', () => {
    answers.claim(one, 'a');
    answers.failed(one, 'a');
    answers.claim(two, 'a');
    answers.forget(two);
    answers.claim(three, 'a');
    expect([two.told, three.told]).toEqual([['make a'], ['make a']]);
  });

  it('is not waited for by who is gone', () => {
    answers.claim(one, 'a');
    answers.claim(two, 'a');
    answers.forget(two);
    answers.failed(one, 'a');
    answers.claim(three, 'a');
    answers.made(three, 'a', 'text', 100);
    expect(two.told).toEqual([]);
  });

  it('is nobody’s business but its maker’s', () => {
    answers.claim(one, 'a');
    answers.claim(two, 'a');
    answers.failed(two, 'a');
    answers.made(two, 'a', 'false', 100);
    answers.made(two, 'b', 'false', 100);
    expect([one.told, two.told]).toEqual([['make a'], []]);
    answers.made(one, 'a', 'true', 100);
    answers.claim(three, 'b');
    expect([two.told, three.told]).toEqual([['a: true'], ['make b']]);
  });
});
