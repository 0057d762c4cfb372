import type { InspectorRecord } from '../contract.js';
import { sentenceOf } from './sentence.js';
import { KIND_LOOKS } from './kinds.js';

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
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
