import type { Connection } from '../../connections/connection.js';
import type { ConnectionRow, SubscriberRow } from '../contract.js';
import { clientNameOf } from '../client-name.js';
import { shortText } from '../short-text.js';

/** What an address may look like, or a part of one: asking the system for that of each socket is not for nothing. */
const ADDRESS = /^[\da-f:.]+$/i;

/** A connection, as a list shows it. */
export function connectionRowOf(
  connection: Connection,
  nodeId: string,
  nowMs: number,
): ConnectionRow {
  const { socketId, user, client, openedAtMs, lastActivityMs, subscriptions } = connection;
  const { bytesReceived, bytesSent, unsentBytes } = connection;
  return {
    socketId,
    nodeId,
    ...(user !== undefined && { userId: user.id }),
    client: shortText(clientNameOf(connection)),
    address: shortText(client.address),
    ...(client.origin !== undefined && { origin: shortText(client.origin) }),
    ageMs: Math.max(0, nowMs - openedAtMs),
    idleMs: Math.max(0, nowMs - lastActivityMs),
    channels: subscriptions.size,
    bytesReceived,
    bytesSent,
    unsentBytes,
  };
}

/** A connection, as a subscriber of a channel. */
export function subscriberRowOf(
  { socketId, unsentBytes }: Connection,
  userId: string | undefined,
  nodeId: string,
): SubscriberRow {
  return { socketId, nodeId, unsentBytes, ...(userId !== undefined && { userId }) };
}

/** Whether a connection is one that somebody looks for: by a part of anything that a list shows of it. */
export function isFound(connection: Connection, search: string): boolean {
  const { socketId, user, client } = connection;
  if (socketId.includes(search)) return true;
  if (user?.id.includes(search) ?? false) return true;
  if (client.origin?.includes(search) ?? false) return true;
  if (clientNameOf(connection).includes(search)) return true;
  return ADDRESS.test(search) && client.address.includes(search);
}
