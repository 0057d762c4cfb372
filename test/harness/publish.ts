import { signedRequest } from './signed-request.js';
import type { ApiTarget, Json } from './signed-request.js';

/** Server and thousands of clients may share a process, on a busy machine. */
const ANSWER_MS = 20_000;

/** What a publish may carry besides its name, channels and data. */
interface PublishOptions {
  /** The connection that does not get it. */
  socket_id?: string;
}

/** Publishes an event and resolves once the server took it; `data` that is no string goes out as JSON. */
export async function publish(
  server: ApiTarget,
  channels: string | readonly string[],
  name: string,
  data: Json = '{}',
  options: PublishOptions = {},
): Promise<void> {
  const body = { name, channels: [channels].flat(), data, ...options };
  await succeed(server, 'POST', 'events', body);
}

/** Names of the occupied channels, sorted. */
export async function occupiedChannels(server: ApiTarget): Promise<string[]> {
  const { channels } = await succeed(server, 'GET', 'channels');
  return Object.keys(channels).sort();
}

/** Ids of the users in a presence channel, sorted. */
export async function usersIn(server: ApiTarget, channel: string): Promise<string[]> {
  const { users } = await succeed(server, 'GET', `channels/${channel}/users`);
  return users.map(({ id }: { id: string }) => id).sort();
}

async function succeed(server: ApiTarget, method: string, path: string, body?: object) {
  const { status, text, json } = await signedRequest(server, method, path, {
    body,
    timeoutMs: ANSWER_MS,
  });
  if (status !== 200) {
    throw new Error(`${method} ${path} was answered with ${status} ${text}`);
  }
  return json;
}
