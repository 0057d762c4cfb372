import type { RecordKind, WatchFilter } from '../contract.js';
import { MAX_FILTER_TEXT } from '../limits.js';

/** What of a record a filter looks at. */
export interface RecordSubject {
  readonly kind: RecordKind;
  readonly appId?: string | undefined;
  /** One channel, or all that a publish names. */
  readonly channels?: readonly string[] | undefined;
  readonly event?: string | undefined;
  readonly userId?: string | undefined;
  readonly socketId?: string | undefined;
}

/** Whether a watch wants to see something. */
export type Matches = (subject: RecordSubject) => boolean;

/** Whether a watch may have a record of an event. A client event is not for the socket that sent it. */
export type Follows = (appId: string, exceptSocketId: string | undefined) => boolean;

const RECORD_KINDS: Readonly<Record<RecordKind, true>> = {
  connected: true,
  disconnected: true,
  refused: true,
  'auth-failed': true,
  'rate-limited': true,
  'signed-in': true,
  subscribed: true,
  unsubscribed: true,
  published: true,
  'client-event': true,
  'cache-hit': true,
  'cache-miss': true,
  webhook: true,
  'slow-consumer': true,
  redis: true,
  node: true,
  action: true,
};

/** What has a trace. */
const EVENT_KINDS: readonly RecordKind[] = ['published', 'client-event'];

/** What happens to the server, whatever the application. */
const OF_NO_APPLICATION: ReadonlySet<RecordKind> = new Set(['redis', 'node']);

/** A filter as one look at a subject. What is asked for first rules out most. */
export function compileFilter(filter: WatchFilter): Matches {
  const { appId, userId, socketId } = filter;
  const kinds = filter.kinds === undefined ? undefined : new Set(filter.kinds);
  const channel = filter.channel === undefined ? undefined : patternOf(filter.channel);
  const event = filter.event === undefined ? undefined : patternOf(filter.event);
  return (subject) => {
    if (kinds !== undefined && !kinds.has(subject.kind)) return false;
    if (appId !== undefined && subject.appId !== appId) {
      if (subject.appId !== undefined || !OF_NO_APPLICATION.has(subject.kind)) return false;
    }
    if (socketId !== undefined && subject.socketId !== socketId) return false;
    if (userId !== undefined && subject.userId !== userId) return false;
    if (event !== undefined && !(subject.event !== undefined && event(subject.event))) return false;
    return channel === undefined || (subject.channels?.some(channel) ?? false);
  };
}

/**
 * A filter as one look at an event of which no more is known than what goes with its frame: whether a
 * watch may have a record of it, from another node.
 */
export function compileFollowing({ appId, userId, socketId, kinds }: WatchFilter): Follows {
  const isOfClient = socketId !== undefined || userId !== undefined;
  const wanted: readonly RecordKind[] = isOfClient ? ['client-event'] : EVENT_KINDS;
  if (kinds !== undefined && !wanted.some((kind) => kinds.includes(kind))) return () => false;
  return (ofAppId, exceptSocketId) =>
    (appId === undefined || appId === ofAppId) &&
    (socketId === undefined || socketId === exceptSocketId);
}

/**
 * Reads a filter that anybody may have written.
 * @returns what is wrong with it, in words, or the filter
 */
export function readFilter(value: unknown): WatchFilter | string {
  if (typeof value !== 'object' || value === null) return 'filter must be an object';
  const { kinds, ...texts } = value as Record<string, unknown>;
  const filter: Record<string, unknown> = {};
  for (const name of ['appId', 'channel', 'event', 'userId', 'socketId']) {
    const text = texts[name];
    if (text === undefined || text === null || text === '') continue;
    if (typeof text !== 'string' || text.length > MAX_FILTER_TEXT) {
      return `filter.${name} must be a text of at most ${MAX_FILTER_TEXT} characters`;
    }
    filter[name] = text;
  }
  if (kinds === undefined || kinds === null) return filter;
  const isKnown = (kind: unknown) => typeof kind === 'string' && Object.hasOwn(RECORD_KINDS, kind);
  if (!Array.isArray(kinds) || !kinds.every(isKnown)) {
    return `filter.kinds must be a list of ${Object.keys(RECORD_KINDS).join(', ')}`;
  }
  return { ...filter, kinds: kinds as RecordKind[] };
}

/** `*` stands for any characters. No regular expression: one of many stars would take for ever. */
function patternOf(pattern: string): (text: string) => boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return (text) => text === pattern;
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  const between = pieces.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length) return false;
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const piece of between) {
      const found = text.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}
