import { atOnce, CROWD, type StoreSubject } from './state-store.subject.js';
import { quiet, until, type TestGlobals } from './test-globals.js';

/** Describes how every StateStore gives the same answer to the same key. */
export function describeOnce(subject: StoreSubject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;
  const once = (key: string, makeAnswer: () => Promise<string>, ttlSeconds = 100) =>
    subject.any().once(subject.app, key, ttlSeconds, makeAnswer);

  describe('gives the same answer to the same key:', () => {
    it('the one that was made first, as it was', async () => {
      const answer = '{"a":{},"b":"é \ud83d\ude00 \\ud800"}';
      expect(await once('key', async () => answer)).toBe(answer);
      expect(await once('key', async () => 'another')).toBe(answer);
    });

    it('an empty one too', async () => {
      expect(await once('key', async () => '')).toBe('');
      expect(await once('key', async () => 'another')).toBe('');
    });

    it('made once, however many ask at once', async () => {
      let made = 0;
      const answers = await atOnce(CROWD, () =>
        once('key', async () => {
          made++;
          await quiet();
          return `answer ${made}`;
        }),
      );
      expect(made).toBe(1);
      expect(new Set(answers)).toEqual(new Set(['answer 1']));
    });

    it('who asks while it is being made waits for it', async () => {
      const gate = deferred<string>();
      const firstAnswer = once('key', () => gate.promise);
      await quiet();
      let isAnswered = false;
      const waiting = (async () => {
        const answer = await once('key', async () => 'another');
        isAnswered = true;
        return answer;
      })();
      await quiet();
      expect(isAnswered).toBe(false);
      gate.resolve('answer');
      expect(await firstAnswer).toBe('answer');
      expect(await waiting).toBe('answer');
    });

    it('however long that takes, even longer than it is remembered', async () => {
      const gate = deferred<string>();
      const firstAnswer = once('key', () => gate.promise, 1);
      for (let i = 0; i < 20; i++) await quiet();
      let madeAgain = 0;
      const waiting = once('key', async () => `another ${++madeAgain}`, 1);
      await quiet();
      gate.resolve('answer');
      expect(await firstAnswer).toBe('answer');
      expect(await waiting).toBe('answer');
      expect(madeAgain).toBe(0);
    });

    it('one that fails to be made is told as it is, and made anew by the next', async () => {
      const failure = once('key', () => Promise.reject(new Error('no answer')));
      expect(await failure.catch((error: unknown) => (error as Error).message)).toBe('no answer');
      expect(await once('key', async () => 'answer')).toBe('answer');
      expect(await once('key', async () => 'another')).toBe('answer');
    });

    it('who waits for one that fails is not left waiting', async () => {
      const gate = deferred<string>();
      const failing = once('key', () => gate.promise);
      await quiet();
      const asked = [failing, once('key', async () => 'made by the second')];
      await quiet();
      gate.reject(new Error('no answer'));
      const [firstOutcome, second] = await Promise.allSettled(asked);
      expect(firstOutcome!.status).toBe('rejected');
      // Either the failure is shared, or the one who waited made the answer.
      if (second!.status === 'fulfilled') expect(second!.value).toBe('made by the second');
    });

    it('no longer than it should', async () => {
      let made = 0;
      const ask = () => once('key', async () => `answer ${++made}`, 1);
      await ask();
      await until(async () => (await ask()) === 'answer 2', 'the answer is made again');
    });

    it('every key and every application has its own', async () => {
      await once('key', async () => 'answer');
      expect(await once('key 2', async () => 'another')).toBe('another');
      expect(await subject.any().once(subject.otherApp, 'key', 100, async () => 'a third')).toBe(
        'a third',
      );
    });
  });
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function deferred<T>(): Deferred<T> {
  let settle!: Pick<Deferred<T>, 'resolve' | 'reject'>;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}
