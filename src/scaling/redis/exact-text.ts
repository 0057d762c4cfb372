/** Of halves of characters, which UTF-8 cannot hold. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const ESCAPE = '\u0000';

/** A text that comes back from Redis as it was, whatever it is. Nearly always the text itself. */
export function toExactText(text: string): string {
  const isSafe = !text.startsWith(ESCAPE) && !LONE_SURROGATE.test(text);
  return isSafe ? text : ESCAPE + JSON.stringify(text);
}

/** The inverse of {@link toExactText}. */
export function fromExactText(text: string): string {
  return text.startsWith(ESCAPE) ? (JSON.parse(text.slice(1)) as string) : text;
}
