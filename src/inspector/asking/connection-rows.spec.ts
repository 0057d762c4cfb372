import { fakeConnection } from '../../../test/harness/fake-connection.js';
import type { Connection } from '../../connections/connection.js';
import { connectionRowOf, isFound, subscriberRowOf } from './connection-rows.js';

/** A connection of somebody at another origin. */
function connectionOf(userId?: string): Connection {
  const { connection } = fakeConnection('123.456');
  Object.assign(connection.client, { origin: 'https://shop.example' });
  if (userId !== undefined) connection.user = { id: userId, userInfo: undefined, watchlist: [] };
  return connection;
}

describe('A row of a connection', () => {
  it('says who it is, where, and since when', () => {
    const connection = connectionOf('ann');
    expect(connectionRowOf(connection, 'node', connection.openedAtMs + 5)).toEqual({
      socketId: '123.456',
      nodeId: 'node',
      userId: 'ann',
      client: 'js 8.6.0',
      address: '127.0.0.1',
      origin: 'https://shop.example',
      ageMs: 5,
      idleMs: connection.openedAtMs + 5 - connection.lastActivityMs,
      channels: 0,
      bytesReceived: connection.bytesReceived,
      bytesSent: connection.bytesSent,
      unsentBytes: 0,
    });
  });

  it('leaves out what is not known, and has no negative times', () => {
    const { connection } = fakeConnection('1.2');
    const row = connectionRowOf(connection, 'node', connection.openedAtMs - 1000);
    expect(row).toMatchObject({ ageMs: 0, idleMs: 0 });
    expect(row).not.toHaveProperty('userId');
    expect(row).not.toHaveProperty('origin');
  });

  it('is shorter for a subscriber', () => {
    const shown = { socketId: '123.456', nodeId: 'node', unsentBytes: 0 };
    expect(subscriberRowOf(connectionOf(), undefined, 'node')).toEqual(shown);
    expect(subscriberRowOf(connectionOf(), 'ann', 'node')).toEqual({ ...shown, userId: 'ann' });
  });
});

describe('A connection is found by a part of', () => {
  it.each(['3.4', '123.456', 'ann', 'nn', 'shop.ex', 'js 8', '8.6', '127.0', '127.0.0.1'])(
    'what is shown of it: %s',
    (search) => expect(isFound(connectionOf('ann'), search)).toBe(true),
  );

  it.each(['Ann', '9.9', 'https://other', '128.', '  ', '*', 'x'.repeat(10_000), '\0'])(
    'that, and nothing else: %j',
    (search) => expect(isFound(connectionOf('ann'), search)).toBe(false),
  );
});
