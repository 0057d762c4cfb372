/**
 * What a share of the durations in a histogram is at most: exact to the range, and within it as if they
 * were spread evenly.
 * @param boundsMs upper bounds of the ranges but the last, which has none
 * @param counts of each range
 * @param share 0.99 for the 99th percentile
 * @returns null when there is nothing in it
 */
export function percentileOf(
  boundsMs: readonly number[],
  counts: ArrayLike<number>,
  share: number,
): number | null {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i]!;
  if (total === 0) return null;
  let below = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (count === 0 || below + count < total * share) {
      below += count;
      continue;
    }
    const lower = boundsMs[i - 1] ?? 0;
    const upper = boundsMs[i] ?? lower;
    return lower + (upper - lower) * ((total * share - below) / count);
  }
  return boundsMs.at(-1)!;
}
