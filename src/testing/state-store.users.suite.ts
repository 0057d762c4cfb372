import { atOnce, CROWD, type StoreSubject } from './state-store.subject.js';
import { quiet, until, type TestGlobals } from './test-globals.js';

/** A grace that is waited for. */
const SHORT_MS = 300;
/** One in which there is the time to come back, on a slow machine too. */
const AMPLE_MS = 1000;
/** One that does not end in a test. */
const LONG_MS = 600_000;

/** Describes what every StateStore knows of signed-in users. */
export function describeUsers(subject: StoreSubject, globals: TestGlobals): void {
  globals.describe('knows who is signed in:', () => {
    describeSigningIn(subject, globals);
    describeGrace(subject, globals);
    describeReturn(subject, globals);
  });
}

function describeSigningIn(subject: StoreSubject, { it, expect }: TestGlobals): void {
  const online = (userIds: string[], appId = subject.app) =>
    subject.any().onlineUsers(appId, userIds);

  it('the first connection of a user is told so', async () => {
    expect(await subject.signIn('1.1', '1')).toBe(true);
    for (const socketId of ['1.1', '1.2', '1.2', '1.3', '1.4']) {
      expect(await subject.signIn(socketId, '1')).toBe(false);
    }
  });

  it('of those that come at once exactly one', async () => {
    const signedIn = await atOnce(CROWD, (i) => subject.signIn(`1.${i}`, '1'));
    expect(signedIn.filter(Boolean).length).toBe(1);
  });

  it('which users of a list are online, in the order of the list', async () => {
    for (const userId of ['1', '2', '3', '__proto__']) await subject.signIn(`1.${userId}`, userId);
    const asked = ['3', '4', 'constructor', '__proto__', '01', '1'];
    for (const _ of subject.nodes) expect(await online(asked)).toEqual(['3', '__proto__', '1']);
    expect(await online([])).toEqual([]);
  });

  it('those of an application are nobody else’s', async () => {
    const { otherApp } = subject;
    await subject.signIn('1.1', '1');
    expect(await online(['1'], otherApp)).toEqual([]);
    expect(await subject.signIn('1.1', '1', otherApp)).toBe(true);
    await subject.signOut('1.1', '1', SHORT_MS, otherApp);
    await until(() => subject.statusesOf('1', otherApp).length > 0, 'the user is offline there');
    expect(await online(['1'])).toEqual(['1']);
    expect(await online(['1'], otherApp)).toEqual([]);
    expect(subject.statusesOf('1')).toEqual([]);
  });
}

function describeGrace(subject: StoreSubject, { it, expect }: TestGlobals): void {
  const online = (userIds: string[]) => subject.any().onlineUsers(subject.app, userIds);

  it('who is gone is online for its grace, and was never away when it comes back', async () => {
    await subject.signIn('1.1', '1');
    await subject.signOut('1.1', '1', LONG_MS);
    for (const _ of subject.nodes) expect(await online(['1'])).toEqual(['1']);
    for (const socketId of ['1.2', '1.3', '1.4']) {
      expect(await subject.signIn(socketId, '1')).toBe(false);
      await subject.signOut(socketId, '1', LONG_MS);
    }
    expect(await online(['1'])).toEqual(['1']);
    expect(subject.statusesOf('1')).toEqual([]);
  });

  it('who comes and goes at once, on all nodes, comes once', async () => {
    const signedIn = await atOnce(CROWD, async (i) => {
      let first = 0;
      for (let round = 0; round < 4; round++) {
        if (await subject.signIn(`1.${i}`, '1')) first++;
        await subject.signOut(`1.${i}`, '1', LONG_MS);
      }
      return first;
    });
    expect(signedIn.reduce((sum, first) => sum + first)).toBe(1);
    expect(subject.statusesOf('1')).toEqual([]);
  });

  it('when it ends exactly one node says that the user is offline', async () => {
    const users = Array.from({ length: 40 }, (_, i) => `u${i}`);
    const connections = users.flatMap((userId) =>
      subject.nodes.map((_, node) => ({ userId, socketId: `${userId}.${node}` })),
    );
    await Promise.all(connections.map(({ socketId, userId }) => subject.signIn(socketId, userId)));
    await Promise.all(
      connections.map(({ socketId, userId }) => subject.signOut(socketId, userId, SHORT_MS)),
    );
    const told = () => users.map((userId) => subject.statusesOf(userId));
    await until(() => told().every(({ length }) => length > 0), 'everybody is offline');
    await quiet();
    expect(told()).toEqual(users.map(() => [false]));
    expect(await online(users)).toEqual([]);
    expect(await subject.signIn('1.1', 'u0')).toBe(true);
    await quiet();
    expect(subject.statusesOf('u0')).toEqual([false]);
  });
}

function describeReturn(subject: StoreSubject, { it, expect }: TestGlobals): void {
  /** Waits until a grace is over that began now. */
  const outlast = async (graceMs: number) => {
    await subject.signIn('8.8', 'witness');
    await subject.signOut('8.8', 'witness', graceMs);
    await until(() => subject.statusesOf('witness').length > 0, 'the witness is offline');
    await quiet();
  };
  const online = () => subject.any().onlineUsers(subject.app, ['1']);

  it('nothing is said of who came back within it, on whatever node, until it goes again', async () => {
    await subject.signIn('1.1', '1');
    await subject.signOut('1.1', '1', AMPLE_MS);
    expect(await subject.signIn('1.2', '1')).toBe(false);
    await outlast(AMPLE_MS);
    expect(subject.statusesOf('1')).toEqual([]);
    expect(await online()).toEqual(['1']);
    await subject.signOut('1.2', '1', SHORT_MS);
    await until(() => subject.statusesOf('1').length > 0, 'the user is offline');
    await quiet();
    expect(subject.statusesOf('1')).toEqual([false]);
  });

  it('nothing is said while another connection is there, nor because of who was not signed in', async () => {
    for (const socketId of ['1.1', '1.2', '1.3', '1.4']) await subject.signIn(socketId, '1');
    for (const socketId of ['1.1', '1.2', '1.3']) await subject.signOut(socketId, '1', SHORT_MS);
    await subject.signOut('9.9', '1', SHORT_MS);
    await subject.signOut('1.1', '1', SHORT_MS);
    await subject.signOut('1.4', '2', SHORT_MS);
    await outlast(SHORT_MS);
    expect([...subject.statusesOf('1'), ...subject.statusesOf('2')]).toEqual([]);
    expect(await online()).toEqual(['1']);
    expect(await subject.signIn('1.1', '1')).toBe(false);
  });
}
