import type { RosterVersion } from '../scaling/state-store.js';
import { PresenceHistory } from './presence-history.js';
import { atOnce, idsOf, member, ROOM, rosterOn, type StoreSubject } from './state-store.subject.js';
import type { TestGlobals } from './test-globals.js';

/** Describes how every StateStore counts the changes of a presence channel. */
export function describeVersions(subject: StoreSubject, globals: TestGlobals): void {
  globals.describe('counts the changes of a presence channel:', () => {
    describeCounting(subject, globals);
    describeKnownVersions(subject, globals);
    describeHistories(subject, globals);
  });
}

function describeCounting(subject: StoreSubject, { it, expect }: TestGlobals): void {
  it('by one for each user who comes or goes', async () => {
    const { version } = await subject.join('1.1', member('1'));
    expect(version).toBeGreaterThanOrEqual(1);
    expect(Number.isSafeInteger(version)).toBe(true);
    const versions: RosterVersion[] = [
      (await subject.join('1.2', member('2'))).version,
      (await subject.join('1.3', member('3'))).version,
      (await subject.leave('1.1', '1')).version,
      (await subject.join('1.1', member('1'))).version,
      (await subject.leave('1.3', '3')).version,
      (await subject.roster()).version,
    ];
    expect(versions.map((each) => each - version)).toEqual([1, 2, 3, 4, 5, 5]);
  });

  it('by nothing for the further connections of a user', async () => {
    const { version } = await subject.join('1.1', member('1'));
    const further = Array.from({ length: subject.nodes.length * 2 }, (_, i) => `2.${i}`);
    for (const socketId of ['1.1', ...further]) {
      expect((await subject.join(socketId, member('1'))).version).toBe(version);
    }
    for (const socketId of ['1.1', ...further.slice(1)]) {
      expect(await subject.leave(socketId, '1')).toEqual({ isLast: false, version });
    }
    expect((await subject.roster()).version).toBe(version);
    expect(await subject.leave('2.0', '1')).toEqual({ isLast: true, version: version + 1 });
  });

  it('by nothing for who leaves and was not there', async () => {
    await subject.join('1.1', member('1'));
    const { version } = await subject.roster();
    await subject.leave('9.9', '1');
    await subject.leave('1.1', '2');
    await subject.leave('9.9', '2');
    expect((await subject.roster()).version).toBe(version);
  });

  it('on from where it was, or beyond, when nobody was there in between', async () => {
    let last = 0;
    for (let round = 0; round < 20; round++) {
      const { version } = await subject.join(`1.${round}`, member(`${round}`));
      expect(version).toBeGreaterThanOrEqual(last + 1);
      const left = await subject.leave(`1.${round}`, `${round}`);
      expect(left).toEqual({ isLast: true, version: version + 1 });
      last = left.version;
    }
  });
}

function describeKnownVersions(subject: StoreSubject, { it, expect }: TestGlobals): void {
  it('so a roster that is known need not be read again', async () => {
    const { version } = await subject.join('1.1', member('1'));
    const ask = async (known: RosterVersion) => subject.any().roster(subject.app, ROOM, known);
    for (const _ of subject.nodes) expect(await ask(version)).toBeUndefined();
    for (const other of [version - 1, version + 1]) {
      expect(idsOf((await ask(other))?.members ?? [])).toEqual(['1']);
    }
    await subject.join('1.2', member('2'));
    expect(idsOf((await ask(version))?.members ?? [])).toEqual(['1', '2']);
    expect(await ask(version + 1)).toBeUndefined();
  });
}

function describeHistories(subject: StoreSubject, { it, expect }: TestGlobals): void {
  const users = Array.from({ length: 40 }, (_, i) => `u${i}`);

  it('a roster has the members of its version, whoever comes and goes meanwhile', async () => {
    const history = new PresenceHistory((await subject.join('9.9', member('keeper'))).version, [
      'keeper',
    ]);
    const changing = users.map(async (userId, i) => {
      for (let round = 0; round < 5; round++) {
        history.add(userId, true, await subject.join(`1.${i}`, member(userId)));
        if (round === 4 && i % 2 === 0) return;
        history.add(userId, false, await subject.leave(`1.${i}`, userId));
      }
    });
    const reading = subject.nodes.map(async (node) => {
      const rosters = [];
      for (let i = 0; i < 15; i++) rosters.push(await rosterOn(node, subject.app, ROOM));
      return rosters;
    });
    await Promise.all(changing);
    const rosters = [...(await Promise.all(reading)).flat(), await subject.roster()];
    expect(history.findFault()).toBeUndefined();
    expect(history.gaps).toBe(0);
    for (const { version, members } of rosters) {
      expect(idsOf(members)).toEqual(history.userIdsAt(version));
    }
    expect(idsOf(rosters.at(-1)!.members).length).toBe(1 + users.length / 2);
  });

  for (const isKept of [true, false]) {
    const where = isKept ? 'a channel where somebody stays' : 'a channel that empties now and then';

    it(`one user comes and goes by turns, by hundreds of connections, in ${where}`, async () => {
      const history = isKept
        ? new PresenceHistory((await subject.join('9.9', member('keeper'))).version, ['keeper'])
        : new PresenceHistory(0, []);
      await atOnce(300, async (i) => {
        for (let round = 0; round < 1 + (i % 3); round++) {
          history.add('1', true, await subject.join(`1.${i}`, member('1')));
          history.add('1', false, await subject.leave(`1.${i}`, '1'));
        }
      });
      expect(history.findFault()).toBeUndefined();
      if (isKept) expect(history.gaps).toBe(0);
      expect(await subject.userIds()).toEqual(isKept ? ['keeper'] : []);
      expect(subject.uncalledChanges).toEqual([]);
    });
  }
}
