import { computed, signal } from '@preact/signals';
import type { KeptRecord } from '../../records/record-store.js';
import { filterMatcher, searchMatcher } from '../../records/matching.js';
import { RecordView } from '../../records/record-view.js';
import { tail, tailFilter, tailSearch } from '../../records/tail.js';

/** How many records had come when the tail was paused; undefined while it runs. */
export const pausedAt = signal<number | undefined>(undefined);

/** The record whose details are open. */
export const openRecord = signal<KeptRecord | undefined>(undefined);

const clears = signal(0);

const view = computed(() => {
  const store = tail.value?.store;
  const matchesFilter = filterMatcher(tailFilter.value);
  const matchesSearch = searchMatcher(tailSearch.value);
  return store === undefined
    ? undefined
    : new RecordView(store, ({ record }) => matchesFilter(record) && matchesSearch(record));
});

/** The records that are shown, the oldest first. While the tail is paused they stay as they are. */
export const shownRecords = computed<readonly KeptRecord[]>((): readonly KeptRecord[] => {
  if (pausedAt.value === undefined) {
    // Read for its change alone.
    void tail.value?.version.value;
  }
  void clears.value;
  view.value?.advance(pausedAt.value);
  return view.value?.records ?? [];
});

/** How many records have come since the tail was paused. */
export const arrivedWhilePaused = computed(() => {
  void tail.value?.version.value;
  const taken = tail.value?.store.nextSequence ?? 0;
  return pausedAt.value === undefined ? 0 : taken - pausedAt.value;
});

/** Pauses the tail, or lets it run again. */
export function togglePause(): void {
  pausedAt.value = pausedAt.value === undefined ? (tail.value?.store.nextSequence ?? 0) : undefined;
}

/** Forgets all that the tail has kept. */
export function clearTail(): void {
  openRecord.value = undefined;
  pausedAt.value = pausedAt.value === undefined ? undefined : (tail.value?.store.nextSequence ?? 0);
  tail.value?.clear();
  clears.value += 1;
}
