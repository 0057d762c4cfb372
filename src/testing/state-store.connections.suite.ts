import { atOnce, CROWD, type StoreSubject } from './state-store.subject.js';
import { expectSoon, until, type TestGlobals } from './test-globals.js';

/** Describes how every StateStore counts connections. */
export function describeConnections(subject: StoreSubject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;

  /** All nodes come to know that there are so many. */
  const expectCount = async (count: number, appId = subject.app) => {
    for (const node of subject.nodes) await expectSoon(() => node.countConnections(appId), count);
  };

  describe('counts connections:', () => {
    it('those that are open', async () => {
      expect(await subject.any().countConnections(subject.app)).toBe(0);
      expect(await subject.open('1.1', null)).toBe(true);
      expect(await subject.open('1.2', null)).toBe(true);
      await expectCount(2);
      await subject.close('1.1');
      await expectCount(1);
    });

    it('a close of what is not open changes nothing', async () => {
      await subject.open('1.1', null);
      await subject.open('1.2', null);
      await subject.close('9.9');
      await subject.close('1.1');
      await subject.close('1.1');
      await expectCount(1);
    });

    it('exactly as many get in as the quota allows, however many come at once', async () => {
      const opened = await atOnce(CROWD, (i) => subject.open(`1.${i}`, 7));
      expect(opened.filter(Boolean).length).toBe(7);
      await expectCount(7);
    });

    it('never more than that are in, while others go', async () => {
      let present = 0;
      let most = 0;
      await atOnce(CROWD, async (i) => {
        for (let round = 0; round < 5; round++) {
          if (!(await subject.open(`1.${i}`, 7))) continue;
          most = Math.max(most, ++present);
          present--;
          await subject.close(`1.${i}`);
        }
      });
      expect(most).toBeLessThanOrEqual(7);
      await expectCount(0);
    });

    it('one that was refused is not counted, and one that goes makes room', async () => {
      expect(await subject.open('1.1', 1)).toBe(true);
      expect(await subject.open('1.2', 1)).toBe(false);
      await expectCount(1);
      await subject.close('1.1');
      await until(async () => subject.open('1.2', 1), 'there is room');
      await expectCount(1);
    });

    it('a quota of 0 lets nobody in, null everybody, and it may change', async () => {
      expect(await subject.open('1.1', 0)).toBe(false);
      const opened = await atOnce(CROWD, (i) => subject.open(`2.${i}`, null));
      expect(opened.every(Boolean)).toBe(true);
      await expectCount(CROWD);
      expect(await subject.open('3.1', 10)).toBe(false);
      expect(await subject.open('3.1', CROWD + 1)).toBe(true);
      expect(await subject.open('3.2', CROWD + 1)).toBe(false);
      await expectCount(CROWD + 1);
    });

    it('every application has its own', async () => {
      const { otherApp } = subject;
      await subject.open('1.1', 1);
      expect(await subject.open('1.1', 1, otherApp)).toBe(true);
      await subject.close('1.1');
      await expectCount(0);
      await expectCount(1, otherApp);
    });
  });
}
