import { signal } from '@preact/signals';
import { storedChoice } from '../../state/stored.js';

/** Whether the list of shortcuts is open. */
export const isHelpOpen = signal(false);

/** Whether single keys do something: some readers need them silent. */
export const shortcutKeys = storedChoice('shortcuts', ['on', 'off'], 'on');
