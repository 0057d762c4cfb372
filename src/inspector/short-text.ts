import type { InspectorRecord } from './contract.js';

/** A text can be as long as a message, or all headers: whoever looks needs the beginning. */
const MAX_LENGTH = 1000;

/** A text that a client chooses, as it is shown. */
export function shortText(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** A record without long texts. The data of an event have a length of their own. */
export function withShortTexts(record: InspectorRecord): InspectorRecord {
  const shown: Record<string, unknown> = { ...record };
  for (const name of ['event', 'reason', 'address', 'origin', 'client'] as const) {
    const text = record[name];
    if (text !== undefined) shown[name] = shortText(text);
  }
  if (record.channels !== undefined) shown['channels'] = record.channels.map(shortText);
  return shown as unknown as InspectorRecord;
}
