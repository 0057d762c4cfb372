/** The text of a payload, indented when it is JSON; else as it is. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
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
