const TAG = /<(\/?)([a-z]+)((?: [\w-]+(?::\w+)?="[^"<&]*")*) ?(\/?)>/g;

/**
 * Whether a text is one XML element: every tag closed in order, every attribute in quotes, no bare `<`
 * or `&` beside them.
 */
export function isWellFormed(markup: string): boolean {
  const open: string[] = [];
  let roots = 0;
  for (const [, isEnd, name, , isEmpty] of markup.matchAll(TAG)) {
    if (isEnd) {
      if (open.pop() !== name) return false;
      continue;
    }
    if (open.length === 0) roots++;
    if (!isEmpty) open.push(name!);
  }
  const text = markup.replace(TAG, '').replace(/&(?:amp|lt|gt|quot|#\d+);/g, '');
  return roots === 1 && open.length === 0 && !/[<&]/.test(text);
}
