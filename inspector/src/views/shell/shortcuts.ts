import type { ViewName } from '../../state/route.js';

/** What a shortcut does. */
export type ShortcutAction =
  | { readonly kind: 'go'; readonly view: ViewName }
  | { readonly kind: 'search' | 'pause' | 'clear' | 'help' | 'wait' | 'none' };

const VIEW_KEYS: Readonly<Record<string, ViewName>> = {
  t: 'tail',
  c: 'channels',
  o: 'connections',
  n: 'nodes',
  w: 'webhooks',
  p: 'publish',
  h: 'charts',
};

const SINGLE_KEYS: Readonly<Record<string, 'search' | 'pause' | 'clear' | 'help' | 'wait'>> = {
  '/': 'search',
  p: 'pause',
  x: 'clear',
  '?': 'help',
  g: 'wait',
};

/** All shortcuts, as they are explained. */
export const SHORTCUTS: readonly (readonly [string, string])[] = [
  ['g t', 'Tail'],
  ['g c', 'Channels'],
  ['g o', 'Connections'],
  ['g n', 'Nodes'],
  ['g w', 'Webhooks'],
  ['g p', 'Publish'],
  ['g h', 'Charts'],
  ['/', 'Search'],
  ['p', 'Pause or resume the tail'],
  ['x', 'Clear the tail'],
  ['↑ ↓ Page Home End', 'Move in a list'],
  ['Enter', 'Open the row'],
  ['Esc', 'Close what is open'],
  ['?', 'This list'],
];

/** What a key does, after the key before it. */
export function shortcutOf(key: string, before: string | undefined): ShortcutAction {
  const view = before === 'g' ? VIEW_KEYS[key] : undefined;
  return view === undefined ? { kind: SINGLE_KEYS[key] ?? 'none' } : { kind: 'go', view };
}
