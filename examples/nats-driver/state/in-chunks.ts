/** At most so many questions are under way for one call. */
const CHUNK = 64;

/** Does something with each of many, some at a time. @returns the answers, in the same order */
export async function inChunks<Item, Answer>(
  items: Iterable<Item>,
  act: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const rest = [...items];
  const answers: Answer[] = [];
  while (rest.length > 0) answers.push(...(await Promise.all(rest.splice(0, CHUNK).map(act))));
  return answers;
}
