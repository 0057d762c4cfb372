/** Levels beyond which nothing is indented further, lest the white space become too much. */
const MAX_INDENTED = 32;

/** The text of a payload, indented when it is JSON; else as it is. */
export function prettyJson(text: string): string {
  return 'error' in readJson(text) ? text : indented(text);
}

/** Text by text, as numbers must stay as they are written: not all of them are numbers of JavaScript. */
function indented(json: string): string {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const lineAtDepth = (depth: number): string => `\n${'  '.repeat(Math.min(depth, MAX_INDENTED))}`;
  let depth = 0;
  let written = '';
  tokens.forEach((token, index) => {
    const isAfterOpening = /^[{[]/.test(tokens[index - 1] ?? '');
    const isClosing = token === '}' || token === ']';
    if (isClosing) {
      depth -= 1;
    }
    if (isClosing !== isAfterOpening) {
      written += lineAtDepth(depth);
    }
    written += token === ':' ? ': ' : token;
    if (token === ',') {
      written += lineAtDepth(depth);
    }
    if (token === '{' || token === '[') {
      depth += 1;
    }
  });
  return written;
}

/** What a text holds as JSON, or why it holds none: in words, with the line where that is known. */
export function readJson(text: string): { readonly value: unknown } | { readonly error: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown fault';
    const position = /position (\d+)/.exec(message);
    const isLocated = position === null || /line \d+/.test(message);
    const line = isLocated ? '' : ` (line ${lineAt(text, Number(position[1]))})`;
    return { error: `Not JSON: ${message}${line}` };
  }
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}
