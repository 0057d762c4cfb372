/** How many letters have to be added, removed or changed to make one word of the other. */
export function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const change = one[row - 1] === other[column - 1] ? 0 : 1;
      current.push(
        Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + change),
      );
    }
    previous = current;
  }
  return previous[other.length]!;
}

/**
 * The candidate that is closest to a name, the first of several.
 * @param atMost candidates further away than this are not considered
 */
export function nearestName(
  name: string,
  candidates: Iterable<string>,
  atMost = Infinity,
): string | undefined {
  let nearest: string | undefined;
  let shortest = atMost;
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate);
    if (distance < shortest || (distance === shortest && nearest === undefined)) {
      nearest = candidate;
      shortest = distance;
    }
  }
  return nearest;
}
