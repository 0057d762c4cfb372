import { effect } from '@preact/signals';
import { storedChoice } from './stored.js';

/** The themes, in the order in which the toggle goes through them. */
export const THEMES = ['auto', 'light', 'dark'] as const;

/** The theme that is chosen; `auto` is that of the system. */
export const theme = storedChoice('theme', THEMES, 'auto');

/** Goes on to the next theme. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto';
}

/** Shows the page in the theme that is chosen, from now on. */
export function applyTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
  });
}
