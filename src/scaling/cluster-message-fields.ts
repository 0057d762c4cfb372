import type { ClusterMessage, FrameMessage, MembersMessage } from './cluster-message.js';
import { isCount, isObject, isText, parseJson, type JsonFields } from './json-value.js';
import type { Member } from './state-store.js';

type JsonMessage = Exclude<ClusterMessage, FrameMessage>;

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

const READERS: Record<JsonMessage['type'], (fields: JsonFields) => JsonMessage | undefined> = {
  members: readMembers,
  restart: () => ({ type: 'restart' }),
  terminate: ({ appId, userId }) =>
    isText(appId) && isText(userId) ? { type: 'terminate', appId, userId } : undefined,
  'user-status': ({ appId, userId, isOnline }) =>
    isText(appId) && isText(userId) && typeof isOnline === 'boolean'
      ? { type: 'user-status', appId, userId, isOnline }
      : undefined,
  ask: ({ questionId, askedBy, subject, content }) =>
    isText(questionId) && isText(askedBy) && isText(subject) && content !== undefined
      ? { type: 'ask', questionId, askedBy, subject, content }
      : undefined,
  answer: ({ questionId, nodeId, content }) =>
    isText(questionId) && isText(nodeId) && content !== undefined
      ? { type: 'answer', questionId, nodeId, content }
      : undefined,
};

function readMembers(fields: JsonFields): MembersMessage | undefined {
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
