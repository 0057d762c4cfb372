import type { StoreSubject } from './state-store.subject.js';
import { until, type TestGlobals } from './test-globals.js';

/** Describes how every StateStore remembers the last events of cache channels. */
export function describeCache(subject: StoreSubject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;
  const remember = async (data: string, ttlSeconds = 100) =>
    subject.any().cacheEvent(subject.app, 'cache-a', { event: 'e', data }, ttlSeconds);
  const recall = async () => subject.any().cachedEvent(subject.app, 'cache-a');
  const forget = async () => subject.any().forgetCachedEvent(subject.app, 'cache-a');

  describe('remembers the last event of a channel:', () => {
    it('nothing, before there was one', async () => {
      expect(await recall()).toBeUndefined();
    });

    it('as it was given, with the whole seconds it has left', async () => {
      const event = { event: 'é "quoted"', data: '{"a":{},"b":"\ud83d\ude00 \\ud800"}' };
      await subject.any().cacheEvent(subject.app, 'cache-a', event, 100);
      for (const _ of subject.nodes) {
        const { ttlSeconds, ...cached } = (await recall())!;
        expect(cached).toEqual(event);
        expect(Number.isInteger(ttlSeconds)).toBe(true);
        expect(ttlSeconds).toBeGreaterThanOrEqual(1);
        expect(ttlSeconds).toBeLessThanOrEqual(100);
      }
    });

    it('the one of whatever node was last', async () => {
      for (const data of ['1', '2', '3', '4']) {
        await remember(data);
        for (const _ of subject.nodes) expect((await recall())?.data).toBe(data);
      }
    });

    it('the last one, also when they came in one go, and with the time of that one', async () => {
      const node = subject.any();
      await Promise.all(
        ['1', '2', '3'].map(async (data, i) => {
          const ttlSeconds = i === 2 ? 100 : 1;
          await node.cacheEvent(subject.app, 'cache-a', { event: 'e', data }, ttlSeconds);
        }),
      );
      const cached = await recall();
      expect(cached?.data).toBe('3');
      expect(cached?.ttlSeconds).toBeGreaterThanOrEqual(2);
    });

    it('empty data too', async () => {
      await remember('');
      expect((await recall())?.data).toBe('');
    });

    it('no longer than it should', async () => {
      await remember('1', 1);
      await until(async () => (await recall()) === undefined, 'the event is forgotten');
    });

    it('every channel and every application has its own', async () => {
      await remember('1');
      expect(await subject.any().cachedEvent(subject.app, 'cache-b')).toBeUndefined();
      expect(await subject.any().cachedEvent(subject.otherApp, 'cache-a')).toBeUndefined();
    });
  });

  describe('forgets the last event of a channel:', () => {
    it('on whatever node, for all of them, and says whether there was one', async () => {
      expect(await forget()).toBe(false);
      for (const _ of subject.nodes) {
        await remember('1');
        expect(await forget()).toBe(true);
        expect(await Promise.all(subject.nodes.map(recall))).toEqual(
          subject.nodes.map(() => undefined),
        );
        expect(await forget()).toBe(false);
      }
    });

    it('once, whoever else does so at the same time', async () => {
      await remember('1');
      const forgotten = await Promise.all(Array.from({ length: 6 }, forget));
      expect(forgotten.filter(Boolean)).toEqual([true]);
      expect(await recall()).toBeUndefined();
    });

    it('in the order of the calls, so that a later one is remembered', async () => {
      const node = subject.any();
      const cache = async (data: string) =>
        node.cacheEvent(subject.app, 'cache-a', { event: 'e', data }, 100);
      const drop = async () => node.forgetCachedEvent(subject.app, 'cache-a');
      const [, wasThere] = await Promise.all([cache('1'), drop(), cache('2')]);
      expect(wasThere).toBe(true);
      for (const _ of subject.nodes) expect((await recall())?.data).toBe('2');
    });

    it('not one that is over', async () => {
      await remember('1', 1);
      await until(async () => (await recall()) === undefined, 'the event is forgotten');
      expect(await forget()).toBe(false);
    });

    it('of no other channel or application', async () => {
      await remember('1');
      expect(await subject.any().forgetCachedEvent(subject.app, 'cache-b')).toBe(false);
      expect(await subject.any().forgetCachedEvent(subject.otherApp, 'cache-a')).toBe(false);
      expect((await recall())?.data).toBe('1');
    });
  });
}
