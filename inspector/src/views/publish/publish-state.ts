import { signal } from '@preact/signals';
import { EMPTY_DRAFT, type EventDraft } from '../../publish/draft.js';
import { pickedApp } from '../../state/applications.js';

/** What was published from this page. */
export interface PublishedEntry {
  readonly id: number;
  readonly atMs: number;
  readonly appId: string;
  readonly drafts: readonly EventDraft[];
}

const REMEMBERED = 50;

/** The events that are being written. */
export const drafts = signal<readonly EventDraft[]>([EMPTY_DRAFT]);

/** What was published, the last first. */
export const published = signal<readonly PublishedEntry[]>([]);

let lastId = 0;

/** Begins an event for a channel. */
export function draftFor(appId: string, channel: string): void {
  pickedApp.value = appId;
  const [first = EMPTY_DRAFT] = drafts.value;
  drafts.value = [{ ...first, channels: channel }];
}

/** Changes one of the events. */
export function changeDraft(index: number, change: Partial<EventDraft>): void {
  drafts.value = drafts.value.map((draft, at) => (at === index ? { ...draft, ...change } : draft));
}

/** Keeps what was published. */
export function rememberPublished(appId: string, sent: readonly EventDraft[]): void {
  lastId += 1;
  const entry = { id: lastId, atMs: Date.now(), appId, drafts: sent };
  published.value = [entry, ...published.value].slice(0, REMEMBERED);
}
