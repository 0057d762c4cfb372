import { computed, effect, signal } from '@preact/signals';
import { NO_FILTER, watchFilterOf, type FilterFields } from '../feed/watch-filter.js';
import { pickedApp } from '../state/applications.js';
import { storedChoice } from '../state/stored.js';
import { lastSignedIn } from '../state/session.js';
import { LiveRecords } from './live-records.js';

const CAPACITY = 5000;

/** What the tail is asked for. */
export const tailFields = signal<FilterFields>(NO_FILTER);

/** The words that are searched for in what is kept. */
export const tailSearch = signal('');

/** Which end the newest are at. */
export const tailOrder = storedChoice('order', ['newest first', 'newest last'], 'newest first');

/** What the tail watches. */
export const tailFilter = computed(() => watchFilterOf(tailFields.value, pickedApp.value));

/** The records of the tail: there from the first sign-in until one signs out, whatever is looked at. */
export const tail = signal<LiveRecords | undefined>(undefined);

/** Keeps the tail going from now on. */
export function followTail(): void {
  effect(() => {
    const isWanted = lastSignedIn.value !== undefined;
    if (isWanted && tail.peek() === undefined) {
      tail.value = new LiveRecords(tailFilter.peek(), CAPACITY);
    }
    if (!isWanted) {
      tail.peek()?.end();
      tail.value = undefined;
    }
  });
  effect(() => tail.value?.setFilter(tailFilter.value));
}

/** Changes some of what the tail is asked for. */
export function refineTail(fields: Partial<FilterFields>): void {
  tailFields.value = { ...tailFields.value, ...fields };
}
