import { OneAtATime } from './one-at-a-time.js';

/** Questions that are answered when the test says so. */
class Asked {
  readonly names: string[] = [];
  private readonly settles: ((answer: string) => void)[] = [];
  private readonly questions = new OneAtATime();

  ask(name: string) {
    return this.questions.ask(name, () => {
      this.names.push(name);
      return new Promise<string>((resolve) => this.settles.push(resolve));
    });
  }

  async answer(text: string): Promise<void> {
    this.settles.shift()!(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('Long questions', () => {
  it('are asked one after the other, in the order they came', async () => {
    const asked = new Asked();
    const answers = [asked.ask('a'), asked.ask('b'), asked.ask('c')];
    expect(asked.names).toEqual(['a']);
    await asked.answer('A');
    expect(asked.names).toEqual(['a', 'b']);
    await asked.answer('B');
    await asked.answer('C');
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C']);
  });

  it('that wait to be asked are shared, and one that was asked already is not', async () => {
    const asked = new Asked();
    const answers = [asked.ask('a'), asked.ask('a'), asked.ask('a')];
    await asked.answer('before');
    await asked.answer('after');
    expect(asked.names).toEqual(['a', 'a']);
    expect(await Promise.all(answers)).toEqual(['before', 'after', 'after']);
  });

  it('are asked at once again when none is under way', async () => {
    const asked = new Asked();
    void asked.ask('a');
    await asked.answer('A');
    void asked.ask('b');
    expect(asked.names).toEqual(['a', 'b']);
  });

  it('that are answered at once are answered at once', () => {
    const questions = new OneAtATime();
    expect(questions.ask('a', () => 1)).toBe(1);
    expect(questions.ask('a', () => 2)).toBe(2);
  });
});
