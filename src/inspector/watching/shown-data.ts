import { MAX_SHOWN_DATA } from '../limits.js';

/**
 * What a record says of the data of an event: how much it is, and what, if that may be shown. That of a
 * client event is any JSON value, whose size is not measured unless it is shown, as that takes time.
 */
export function shownData(data: unknown, hasPayloads: boolean): { bytes?: number; data?: string } {
  const text = typeof data === 'string' ? data : hasPayloads ? jsonOf(data) : undefined;
  if (text === undefined) return {};
  const bytes = Buffer.byteLength(text);
  return hasPayloads ? { bytes, data: text.slice(0, MAX_SHOWN_DATA) } : { bytes };
}

/** What is nested too deeply cannot be written again, and is refused later. */
function jsonOf(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}
