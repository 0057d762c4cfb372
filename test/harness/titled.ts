import type { Json } from './signed-request.js';

/** Values for `it.each`, each behind a title that is short however long the value is. */
export function titled(...values: Json[]): [title: string, value: Json][] {
  return values.map((value) => {
    const text = JSON.stringify(value) ?? 'undefined';
    return [text.length > 40 ? `${text.slice(0, 40)}... (${text.length} characters)` : text, value];
  });
}
