import { atOnce, CROWD, member, ROOM, type StoreSubject } from './state-store.subject.js';
import type { TestGlobals } from './test-globals.js';

/** Describes how every StateStore limits the members of a presence channel. */
export function describeMemberLimit(subject: StoreSubject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;
  const join = async (socketId: string, userId: string, limit: number) =>
    subject.homeOf(socketId).join(subject.app, ROOM, socketId, member(userId), limit);

  describe('limits the members of a presence channel:', () => {
    it('who is refused leaves no trace', async () => {
      await join('1.1', '1', 1);
      const { version } = await subject.roster();
      expect((await join('1.2', '2', 1)).isFull).toBe(true);
      expect(await subject.userIds()).toEqual(['1']);
      expect((await subject.leave('1.2', '2')).isLast).toBe(false);
      expect((await subject.roster()).version).toBe(version);
    });

    it('the further connections of a member are always let in', async () => {
      await join('1.1', '1', 1);
      for (let i = 0; i < subject.nodes.length * 2; i++) {
        const outcome = await join(`2.${i}`, '1', 1);
        expect(!outcome.isFull && !outcome.isFirst).toBe(true);
      }
    });

    it('exactly as many users get in as it allows, however many come at once', async () => {
      const outcomes = await atOnce(CROWD, (i) => join(`1.${i}`, `u${i % 10}`, 4));
      expect(outcomes.filter(({ isFull }) => !isFull).length).toBe(12);
      expect((await subject.userIds()).length).toBe(4);
    });

    it('one who leaves makes room, and 0 is no limit', async () => {
      await join('1.1', '1', 1);
      await subject.leave('1.1', '1');
      expect((await join('1.2', '2', 1)).isFull).toBe(false);
      expect((await join('1.3', '3', 0)).isFull).toBe(false);
    });
  });
}
