import { atOnce, CROWD, type StoreSubject } from './state-store.subject.js';
import { quiet, until, type TestGlobals } from './test-globals.js';

/** A grace that is waited for. */
const SHORT_MS = 300;
/** One in which there is the time to come back, on a slow machine too. */
const AMPLE_MS = 1000;
/** One that does not end in a test. */
const LONG_MS = 600_000;

/** Describes what every StateStore knows of places. */
export function describePlaces(subject: StoreSubject, globals: TestGlobals): void {
  globals.describe('knows which places are occupied:', () => {
    describeTaking(subject, globals);
    describeLeaving(subject, globals);
    describeComingBack(subject, globals);
  });
}

function describeTaking(subject: StoreSubject, { it, expect }: TestGlobals): void {
  const isFirst = async (socketId: string, place: string, appId = subject.app) => {
    const change = await subject.occupy(socketId, place, appId);
    if (change === undefined) return false;
    const { version, ...rest } = change;
    expect(version).toBeGreaterThanOrEqual(0);
    expect(rest).toEqual({ appId, place, isOccupied: true });
    return true;
  };

  it('the first connection in a place is told so, whatever it is called', async () => {
    for (const place of ['channel a', 'member presence-a 😀 : {}', '__proto__', ' ']) {
      expect(await isFirst('1.1', place)).toBe(true);
      for (const socketId of ['1.1', '1.2', '1.3', '1.4']) {
        expect(await isFirst(socketId, place)).toBe(false);
      }
    }
  });

  it('of those that come at once exactly one', async () => {
    const taken = await atOnce(CROWD, (i) => isFirst(`1.${i}`, 'channel a'));
    expect(taken.filter(Boolean).length).toBe(1);
  });

  it('those of an application are nobody else’s, and a user is no place', async () => {
    expect(await isFirst('1.1', 'a')).toBe(true);
    expect(await isFirst('1.2', 'a', subject.otherApp)).toBe(true);
    expect(await subject.signIn('1.3', 'a')).toBe(true);
    expect(await subject.any().onlineUsers(subject.otherApp, ['a'])).toEqual([]);
  });
}

function describeLeaving(subject: StoreSubject, { it, expect }: TestGlobals): void {
  it('when a grace ends exactly one node says that the place is vacant', async () => {
    const places = Array.from({ length: 40 }, (_, i) => `channel ${i}`);
    const taken = places.flatMap((place) =>
      subject.nodes.map((_, node) => ({ place, socketId: `${place}.${node}` })),
    );
    await Promise.all(taken.map(({ socketId, place }) => subject.occupy(socketId, place)));
    await Promise.all(
      taken.map(({ socketId, place }) => subject.vacate(socketId, place, SHORT_MS)),
    );
    const told = () =>
      places.map((place) => subject.changesOf(place).map(({ isOccupied }) => isOccupied));
    await until(() => told().every(({ length }) => length > 0), 'all are vacant');
    await quiet();
    expect(told()).toEqual(places.map(() => [false]));
    const again = await subject.occupy('1.1', places[0]!);
    expect(again !== undefined).toBe(true);
  });

  it('a later change has a higher version, if there are versions', async () => {
    const versions: number[] = [];
    for (const socketId of ['1.1', '1.2', '1.3']) {
      const change = await subject.occupy(socketId, 'a');
      versions.push(change!.version);
      await subject.vacate(socketId, 'a', 1);
      const isLeft = () => subject.changesOf('a').length === versions.length / 2 + 0.5;
      await until(isLeft, 'the place is vacant');
      versions.push(subject.changesOf('a').at(-1)!.version);
    }
    const isOrdered = versions.every((version, i) => i === 0 || version > versions[i - 1]!);
    expect(isOrdered || versions.every((version) => version === 0)).toBe(true);
  });

  it('nothing is said while another connection is there, nor because of who was not', async () => {
    for (const socketId of ['1.1', '1.2', '1.3', '1.4']) await subject.occupy(socketId, 'a');
    for (const socketId of ['1.1', '1.2', '1.3']) await subject.vacate(socketId, 'a', SHORT_MS);
    await subject.vacate('9.9', 'a', SHORT_MS);
    await subject.vacate('1.1', 'a', SHORT_MS);
    await subject.vacate('1.4', 'b', SHORT_MS);
    await outlast(subject, SHORT_MS);
    expect([...subject.changesOf('a'), ...subject.changesOf('b')]).toEqual([]);
    expect(await subject.occupy('1.1', 'a')).toBeUndefined();
  });
}

function describeComingBack(subject: StoreSubject, { it, expect }: TestGlobals): void {
  it('nothing is said of who came back within it, on whatever node, until it goes again', async () => {
    await subject.occupy('1.1', 'a');
    await subject.vacate('1.1', 'a', AMPLE_MS);
    expect(await subject.occupy('1.2', 'a')).toBeUndefined();
    await outlast(subject, AMPLE_MS);
    expect(subject.changesOf('a')).toEqual([]);
    await subject.vacate('1.2', 'a', SHORT_MS);
    await until(() => subject.changesOf('a').length > 0, 'the place is vacant');
    await quiet();
    expect(subject.changesOf('a').map(({ isOccupied }) => isOccupied)).toEqual([false]);
  });

  it('what is taken and left at once, on all nodes, is taken once', async () => {
    const firsts = await atOnce(CROWD, async (i) => {
      let count = 0;
      for (let round = 0; round < 4; round++) {
        if ((await subject.occupy(`1.${i}`, 'a')) !== undefined) count++;
        await subject.vacate(`1.${i}`, 'a', LONG_MS);
      }
      return count;
    });
    expect(firsts.reduce((sum, count) => sum + count)).toBe(1);
    expect(subject.changesOf('a')).toEqual([]);
  });
}

/** Waits until a grace is over that began now. */
async function outlast(subject: StoreSubject, graceMs: number): Promise<void> {
  await subject.occupy('8.8', 'witness');
  await subject.vacate('8.8', 'witness', graceMs);
  await until(() => subject.changesOf('witness').length > 0, 'the witness is gone');
  await quiet();
}
