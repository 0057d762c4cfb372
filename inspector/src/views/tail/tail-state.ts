import { computed, signal } from '@preact/signals';
import type { KeptRecord } from '../../records/record-store.js';
import { searchMatcher } from '../../records/matching.js';
import { compileFilter } from '../../../../src/inspector/watching/watch-filter.js';
import { RecordView, type RecordMatcher } from '../../records/record-view.js';
import { tail, tailFilter, tailSearch } from '../../records/tail.js';

/** What had come when the tail was paused: the store goes on, and would forget it. */
interface Pause {
  readonly records: readonly KeptRecord[];
  readonly nextSequence: number;
}

const pause = signal<Pause | undefined>(undefined);

/** Whether the tail stands still. */
export const isPaused = computed(() => pause.value !== undefined);

/** The record whose details are open. */
export const openRecord = signal<KeptRecord | undefined>(undefined);

const matcher = computed<RecordMatcher>(() => {
  const matchesFilter = compileFilter(tailFilter.value);
  const matchesSearch = searchMatcher(tailSearch.value);
  return ({ record }) => matchesFilter(record) && matchesSearch(record);
});

const view = computed(() => {
  const store = tail.value?.store;
  return store === undefined ? undefined : new RecordView(store, matcher.value);
});

/** The records that are shown, the oldest first. While the tail is paused none come and none go. */
export const shownRecords = computed<readonly KeptRecord[]>((): readonly KeptRecord[] => {
  if (pause.value !== undefined) {
    return pause.value.records.filter(matcher.value);
  }
  // Read for its change alone.
  void tail.value?.version.value;
  view.value?.advance();
  return view.value?.records ?? [];
});

/** How many records have come since the tail was paused. */
export const arrivedWhilePaused = computed(() => {
  void tail.value?.version.value;
  const taken = tail.value?.store.nextSequence ?? 0;
  return pause.value === undefined ? 0 : taken - pause.value.nextSequence;
});

/** Pauses the tail, or lets it run again. */
export function togglePause(): void {
  pause.value = isPaused.value ? undefined : pauseNow();
}

/** Forgets all that the tail has kept. */
export function clearTail(): void {
  openRecord.value = undefined;
  tail.value?.clear();
  if (isPaused.value) {
    pause.value = pauseNow();
  }
}

function pauseNow(): Pause {
  const store = tail.value?.store;
  return { records: store?.records ?? [], nextSequence: store?.nextSequence ?? 0 };
}
