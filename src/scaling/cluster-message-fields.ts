import type {
  AnswerMessage,
  ClusterMessage,
  FrameMessage,
  MembersMessage,
  NodeFigures,
} from './cluster-message.js';
import type { Member } from './state-store.js';

type JsonMessage = Exclude<ClusterMessage, FrameMessage>;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a message of one kind from JSON that anybody may have written. Fields that are unknown here
 * are left out. Never throws.
 * @returns undefined unless every field is there and is what it has to be
 */
export function readClusterMessageFields(
  type: JsonMessage['type'],
  json: string,
): JsonMessage | undefined {
  const fields = parseJson(json);
  return isObject(fields) ? READERS[type](fields) : undefined;
}

const READERS: Record<JsonMessage['type'], (fields: Fields) => JsonMessage | undefined> = {
  members: readMembers,
  answer: readAnswer,
  restart: () => ({ type: 'restart' }),
  terminate: ({ appId, userId }) =>
    isText(appId) && isText(userId) ? { type: 'terminate', appId, userId } : undefined,
  'user-status': ({ appId, userId, isOnline }) =>
    isText(appId) && isText(userId) && typeof isOnline === 'boolean'
      ? { type: 'user-status', appId, userId, isOnline }
      : undefined,
  ask: ({ questionId, askedBy }) =>
    isText(questionId) && isText(askedBy) ? { type: 'ask', questionId, askedBy } : undefined,
};

function readMembers(fields: Fields): MembersMessage | undefined {
  const { appId, channel, version } = fields;
  const left = readList(fields['left'], (userId) => (isText(userId) ? userId : undefined));
  const joined = readList(fields['joined'], readMember);
  if (!isText(appId) || !isText(channel) || !isCount(version)) return undefined;
  return left && joined && { type: 'members', appId, channel, version, left, joined };
}

function readMember(value: unknown): Member | undefined {
  if (!isObject(value)) return undefined;
  const { userId, id, userInfo } = value;
  if (!isText(id) && typeof id !== 'number') return undefined;
  if (userId !== String(id)) return undefined;
  if (userInfo === undefined) return { userId, id, userInfo };
  const isJson = isText(userInfo) && parseJson(userInfo) !== undefined;
  return isJson ? { userId, id, userInfo } : undefined;
}

function readAnswer({ questionId, figures }: Fields): AnswerMessage | undefined {
  if (!isText(questionId) || !isObject(figures)) return undefined;
  const read = readFigures(figures);
  return read && { type: 'answer', questionId, figures: read };
}

function readFigures(fields: Fields): NodeFigures | undefined {
  const { nodeId, version, uptimeSeconds, connections, memoryBytes } = fields;
  const { messagesReceived, eventsPublished, slowConsumers } = fields;
  if (!isText(nodeId) || !isText(version) || !isAmount(uptimeSeconds)) return undefined;
  if (!isCount(connections) || !isCount(messagesReceived)) return undefined;
  if (!isCount(eventsPublished) || !isCount(slowConsumers) || !isCount(memoryBytes)) {
    return undefined;
  }
  return {
    nodeId,
    version,
    uptimeSeconds,
    connections,
    messagesReceived,
    eventsPublished,
    slowConsumers,
    memoryBytes,
  };
}

/** @returns undefined when one of them cannot be read */
function readList<T>(value: unknown, read: (item: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items: T[] = [];
  for (const item of value) {
    const one = read(item);
    if (one === undefined) return undefined;
    items.push(one);
  }
  return items;
}

/** @returns undefined for what is no JSON, which JSON itself cannot say */
function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isAmount = (value: unknown): value is number => Number.isFinite(value) && Number(value) >= 0;
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
