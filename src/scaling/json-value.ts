/** An object out of JSON that anybody may have written. */
export type JsonFields = Readonly<Record<string, unknown>>;

/** @returns undefined for what is no JSON, which JSON itself cannot say */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Whether it is an object, and no list. */
/** Whether it has fields. An array has none. */
export const isObject = (value: unknown): value is JsonFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether it is a string. */
/** Whether it is a text, empty or not. */
export const isText = (value: unknown): value is string => typeof value === 'string';

/** Whether it is a number of whatever can be measured. */
export const isAmount = (value: unknown): value is number =>
  Number.isFinite(value) && Number(value) >= 0;

/** Whether it is a number of whatever can be counted. */
export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
