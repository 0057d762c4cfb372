import type { Member } from '../scaling/state-store.js';
import { atOnce, CROWD, idsOf, member, ROOM, type StoreSubject } from './state-store.subject.js';
import type { TestGlobals } from './test-globals.js';

/** More than a driver reads at once. */
const MULTITUDE = 1200;

const UNUSUAL: readonly Member[] = [
  { userId: '1', id: 1, userInfo: undefined },
  { userId: '01', id: '01', userInfo: '{}' },
  { userId: '1.5', id: 1.5, userInfo: 'null' },
  { userId: '__proto__', id: '__proto__', userInfo: '{"a":{},"b":[],"c":"é \\ud800"}' },
  { userId: 'a:b "c"\n|*', id: 'a:b "c"\n|*', userInfo: '"text"' },
  { userId: 'é\ud83d\ude00', id: 'é\ud83d\ude00', userInfo: '[1, 2]' },
];

/** Describes what every StateStore knows of the members of presence channels. */
export function describePresence(subject: StoreSubject, globals: TestGlobals): void {
  globals.describe('knows who is in a presence channel:', () => {
    describeComing(subject, globals);
    describeGoing(subject, globals);
    describeRosters(subject, globals);
  });
}

function describeComing(subject: StoreSubject, { it, expect }: TestGlobals): void {
  it('the first connection of a user is told so', async () => {
    const { isFirst, version } = await subject.join('1.1', member('1'));
    expect(isFirst).toBe(true);
    const roster = await subject.roster();
    expect([...roster.members]).toEqual([member('1')]);
    expect(roster.version).toBe(version);
  });

  it('further connections are not the first, and the user is there once', async () => {
    await subject.join('1.1', member('1'));
    for (let i = 0; i < subject.nodes.length * 2; i++) {
      expect((await subject.join(`2.${i}`, member('1'))).isFirst).toBe(false);
    }
    expect(await subject.userIds()).toEqual(['1']);
  });

  it('of the connections of a user that come at once exactly one is the first', async () => {
    const outcomes = await atOnce(CROWD, (i) => subject.join(`1.${i}`, member('1')));
    expect(outcomes.filter(({ isFirst }) => isFirst).length).toBe(1);
  });

  it('everybody who came at once is there, and is so for all nodes', async () => {
    const outcomes = await atOnce(CROWD, (i) => subject.join(`1.${i}`, member(`u${i}`)));
    expect(outcomes.every(({ isFirst }) => isFirst)).toBe(true);
    for (const _ of subject.nodes) expect((await subject.userIds()).length).toBe(CROWD);
  });

  it('every channel and every application has its own', async () => {
    const { otherApp } = subject;
    await subject.join('1.1', member('1'));
    expect((await subject.join('1.1', member('1'), 'presence-b')).isFirst).toBe(true);
    expect((await subject.join('1.1', member('1'), ROOM, otherApp)).isFirst).toBe(true);
    expect((await subject.leave('1.1', '1')).isLast).toBe(true);
    expect(await subject.userIds()).toEqual([]);
    expect(await subject.userIds('presence-b')).toEqual(['1']);
    expect(await subject.userIds(ROOM, otherApp)).toEqual(['1']);
  });
}

function describeGoing(subject: StoreSubject, { it, expect }: TestGlobals): void {
  it('of those that leave at once exactly one is the last', async () => {
    await atOnce(CROWD, (i) => subject.join(`1.${i}`, member('1')));
    const left = await atOnce(CROWD, (i) => subject.leave(`1.${i}`, '1'));
    expect(left.filter(({ isLast }) => isLast).length).toBe(1);
    expect(await subject.userIds()).toEqual([]);
  });

  it('only the last connection of a user takes it away, and then it may come first again', async () => {
    await subject.join('1.1', member('1'));
    await subject.join('1.2', member('1'));
    expect((await subject.leave('1.1', '1')).isLast).toBe(false);
    expect(await subject.userIds()).toEqual(['1']);
    expect((await subject.leave('1.2', '1')).isLast).toBe(true);
    expect(await subject.userIds()).toEqual([]);
    expect((await subject.join('1.1', member('1'))).isFirst).toBe(true);
  });

  it('who joins twice with the same connection leaves once', async () => {
    await subject.join('1.1', member('1'));
    expect((await subject.join('1.1', member('1'))).isFirst).toBe(false);
    expect((await subject.leave('1.1', '1')).isLast).toBe(true);
    expect((await subject.leave('1.1', '1')).isLast).toBe(false);
  });

  it('a leave of who is not there is nobody’s last', async () => {
    await subject.join('1.1', member('1'));
    expect((await subject.leave('9.9', '1')).isLast).toBe(false);
    expect((await subject.leave('1.1', '2')).isLast).toBe(false);
    expect((await subject.leave('1.1', '1', 'presence-b')).isLast).toBe(false);
    expect(await subject.userIds()).toEqual(['1']);
  });
}

function describeRosters(subject: StoreSubject, { it, expect }: TestGlobals): void {
  it('nobody, before somebody came', async () => {
    expect(await subject.userIds()).toEqual([]);
    expect(await subject.any().userIds(subject.app, ROOM)).toEqual([]);
  });

  it('a roster stays as it was, whoever comes or leaves, and can be read twice', async () => {
    await subject.join('1.1', member('1'));
    const roster = await subject.roster();
    await subject.join('1.2', member('2'));
    await subject.leave('1.1', '1');
    expect(idsOf(roster.members)).toEqual(['1']);
    expect(idsOf(roster.members)).toEqual(['1']);
    expect(await subject.userIds()).toEqual(['2']);
  });

  it('ids and user_info come back as they were given', async () => {
    for (const [i, who] of UNUSUAL.entries()) await subject.join(`1.${i}`, who);
    const members = [...(await subject.roster()).members];
    expect(members.length).toBe(UNUSUAL.length);
    for (const who of UNUSUAL) {
      expect(members.find(({ userId }) => userId === who.userId)).toEqual(who);
    }
    const userIds = [...(await subject.any().userIds(subject.app, ROOM))];
    expect(userIds.sort()).toEqual(idsOf(UNUSUAL));
    for (const [i, { userId }] of UNUSUAL.entries()) {
      expect((await subject.leave(`1.${i}`, userId)).isLast).toBe(true);
    }
  });

  it('also very many, each once', async () => {
    const everybody = Array.from({ length: MULTITUDE }, (_, i) => `user ${i}`).sort();
    await atOnce(MULTITUDE, (i) => subject.join(`1.${i}`, member(everybody[i]!)));
    expect(await subject.userIds()).toEqual(everybody);
    const userIds = [...(await subject.any().userIds(subject.app, ROOM))];
    expect(userIds.sort()).toEqual(everybody);
    const { users } = await subject.any().channel(subject.app, ROOM);
    expect(users).toBe(MULTITUDE);
  });
}
