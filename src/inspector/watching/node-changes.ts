/**
 * What one node says of those that have come and gone. Of all that see it one speaks, the first of those
 * that were there before and still are: who has just come knows of no change.
 * @param own of the node that looks
 */
export function nodeChanges(
  own: string,
  before: readonly string[],
  now: readonly string[],
): readonly string[] {
  const staying = before.filter((node) => now.includes(node));
  if (staying.some((node) => node < own)) return [];
  const come = now.filter((node) => !before.includes(node));
  const gone = before.filter((node) => !now.includes(node));
  return [
    ...come.map((node) => `Node ${node} is there`),
    ...gone.map((node) => `Node ${node} is gone`),
  ];
}
