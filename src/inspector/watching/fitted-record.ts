import type { InspectorRecord } from '../contract.js';
import { MAX_RECORD_CHANNELS } from '../limits.js';
import { shortText } from '../short-text.js';

/**
 * A record with its texts cut to a length that can be shown, but for the data of an event, which is cut
 * where it is read.
 */
export function fitted(record: InspectorRecord): {
  readonly record: InspectorRecord;
  readonly textLength: number;
} {
  let textLength = 0;
  const entries = Object.entries(record).map(([name, value]: [string, unknown]) => {
    const fits = name === 'data' ? value : fittedValue(value);
    textLength += lengthOf(fits);
    return [name, fits];
  });
  return { record: Object.fromEntries(entries) as InspectorRecord, textLength };
}

function fittedValue(value: unknown): unknown {
  if (typeof value === 'string') return shortText(value);
  return Array.isArray(value) ? value.slice(0, MAX_RECORD_CHANNELS).map(fittedValue) : value;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return Array.isArray(value) ? value.reduce((sum: number, item) => sum + lengthOf(item), 0) : 0;
}
