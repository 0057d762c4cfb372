import { isDeepStrictEqual } from 'node:util';
import { onlineAmong, questionsAbout, rosterFor, type Question } from './cluster-model.js';
import type { Visitor } from './cluster-visitor.js';
import type { ServerProcess } from './server-process.js';
import { signedRequest } from './signed-request.js';

/** What visitors and nodes know otherwise than it is; empty when all is well. */
export async function disagreements(
  nodes: readonly ServerProcess[],
  visitors: readonly Visitor[],
  rooms: readonly string[],
): Promise<string[]> {
  const questions = questionsAbout(visitors, rooms);
  const asked = nodes.flatMap((node) => questions.map((question) => faultOfNode(node, question)));
  const faults = visitors.flatMap((one) => faultsOfVisitor(one, visitors, rooms));
  return [...faults, ...(await Promise.all(asked)).flat()];
}

function faultsOfVisitor(
  visitor: Visitor,
  all: readonly Visitor[],
  rooms: readonly string[],
): string[] {
  visitor.listen();
  const { ear, channels, watchlist, name } = visitor;
  if (!visitor.isConnected) return [`${name} is not connected`];
  const faults = ear.isSettled ? [] : [`${name} waits for an answer`];
  for (const room of rooms) {
    if (!channels.has(room)) continue;
    faults.push(...difference(`${name} in ${room}`, ear.of(room).roster, rosterFor(all, room)));
  }
  const online = onlineAmong(all).filter((id) => watchlist.includes(id));
  return [...faults, ...difference(`${name} watching`, ear.online, online)];
}

async function faultOfNode(
  node: ServerProcess,
  { path, query, answer }: Question,
): Promise<string[]> {
  const who = `port ${node.port} asked ${path} ${JSON.stringify(query)}`;
  const { status, json, headers } = await signedRequest(node, 'GET', path, { query });
  if (status !== 200) return [`${who}: ${status}`];
  if (headers['x-revurb-partial'] !== undefined) return [`${who}: answers for itself alone`];
  if (json.users) return difference(who, namesIn(json.users), namesIn(answer.users));
  if (isDeepStrictEqual(json, answer)) return [];
  if (!json.channels) return [`${who}: ${JSON.stringify(json)}, not ${JSON.stringify(answer)}`];
  const entries = ({ channels }: { channels: object }) =>
    Object.entries(channels).map(([name, info]) => `${name}=${JSON.stringify(info)}`);
  return difference(who, entries(json), entries(answer));
}

const namesIn = (users: readonly { id: string }[]) => users.map(({ id }) => id);

/** What is too much and what is missing; each thing once. */
function difference(who: string, actual: readonly string[], expected: readonly string[]): string[] {
  const extra = actual.filter((item) => !expected.includes(item)).map((item) => `+${item}`);
  const missing = expected.filter((item) => !actual.includes(item)).map((item) => `-${item}`);
  const isTwice = new Set(actual).size !== actual.length;
  const all = [...extra, ...missing, ...(isTwice ? ['something twice'] : [])];
  return all.length === 0 ? [] : [`${who}: ${all.sort().join(' ')}`];
}
