import type { InspectorRecord, WatchFilter } from '../contract.js';
import { sentenceOf } from './sentence.js';
import { KIND_LOOKS } from './kinds.js';

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Reads a pattern in which `*` stands for anything; without one the whole has to be the same. */
export function patternOf(pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`, 's');
}

/** Whether a record is one that a watch with this filter asks for. */
export function filterMatcher(filter: WatchFilter): (record: InspectorRecord) => boolean {
  const kinds = filter.kinds === undefined ? undefined : new Set(filter.kinds);
  const channel = filter.channel === undefined ? undefined : patternOf(filter.channel);
  const event = filter.event === undefined ? undefined : patternOf(filter.event);
  return (record) =>
    (kinds === undefined || kinds.has(record.kind)) &&
    (filter.appId === undefined || record.appId === filter.appId) &&
    (filter.userId === undefined || record.userId === filter.userId) &&
    (filter.socketId === undefined || record.socketId === filter.socketId) &&
    (event === undefined || event.test(record.event ?? '')) &&
    (channel === undefined || (record.channels ?? []).some((name) => channel.test(name)));
}

/** Whether a record holds all words of a text, anywhere and in any case. */
export function searchMatcher(text: string): (record: InspectorRecord) => boolean {
  const words = text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => new RegExp(escaped(word), 'i'));
  if (words.length === 0) {
    return () => true;
  }
  return (record) => {
    const haystack = textsOf(record);
    return words.every((word) => haystack.some((part) => word.test(part)));
  };
}

function textsOf(record: InspectorRecord): string[] {
  const { channels, event, userId, socketId, appId, data, client, origin, address, url } = record;
  return [
    KIND_LOOKS[record.kind]?.word ?? record.kind,
    sentenceOf(record),
    ...(channels ?? []),
  ].concat(
    [event, userId, socketId, appId, data, client, origin, address, url].filter(
      (part) => part !== undefined,
    ),
  );
}
