import { effect, signal, type Signal } from '@preact/signals';

const PREFIX = 'revurb-inspector-';

function read(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage may be forbidden or full: then it is forgotten with the page.
  }
}

/** A choice that the browser remembers; what it remembers and is none of the choices is left alone. */
export function storedChoice<Choice extends string>(
  name: string,
  choices: readonly Choice[],
  first: Choice,
): Signal<Choice> {
  const stored = choices.find((choice) => choice === read(name));
  const chosen = signal(stored ?? first);
  effect(() => write(name, chosen.value));
  return chosen;
}

/** A text that the browser remembers. */
export function storedText(name: string): Signal<string> {
  const text = signal(read(name) ?? '');
  effect(() => write(name, text.value));
  return text;
}
