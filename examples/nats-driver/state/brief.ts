import type { CachedEvent } from 'revurb';
import { changed, unchanged, type Command, type EntryKind } from './entry-kind.js';

/** Something that is of use for a time. */
interface Brief {
  /** By the clock of the server. */
  readonly endMs: number;
}

/** The last event of a cache channel. */
export interface CachedState extends Brief {
  /** null: it was forgotten, which no node may restore. */
  readonly event: CachedEvent | null;
  readonly ttlSeconds: number;
  /** When it was the last, or forgotten, by the clock of the server. */
  readonly atMs: number;
}

/** An answer, or who is making it. */
export interface AnswerState extends Brief {
  readonly answer: string | null;
  readonly madeBy: string;
}

/** What was taken in the current window. */
export interface WindowState extends Brief {
  readonly taken: number;
}

/** Holds one value, or nothing. */
export interface Slot<Value extends Brief> {
  value: Value | undefined;
}

const briefKind = <Value extends Brief>(name: string): EntryKind<Slot<Value>> => ({
  name,
  create: () => ({ value: undefined }),
  fromJson: (json) => ({ value: json as Value }),
  toJson: ({ value }) => value,
  remainingMs: ({ value }, nowMs) => (value === undefined ? 0 : Math.max(1, value.endMs - nowMs)),
});

/** How cached events are kept. */
export const CACHED = briefKind<CachedState>('cached');

/** How answers are kept. */
export const ANSWER = briefKind<AnswerState>('answer');

/** How windows are kept. */
export const WINDOW = briefKind<WindowState>('window');

/** How long an answer may be in the making; that of a node that died is made by the next who asks. */
const MAX_MAKING_MS = 600_000;

/** What is not over yet. */
export const currentOf = <Value extends Brief>(
  { value }: Slot<Value>,
  nowMs: number,
): Value | undefined => (value !== undefined && value.endMs > nowMs ? value : undefined);

/** Remembers an event. */
export const cache =
  (state: CachedState): Command<Slot<CachedState>, void> =>
  (slot) => {
    slot.value = state;
    return changed(undefined);
  };

/** Remembers an event again, unless there is a later one. */
export const cacheAgain =
  (state: CachedState): Command<Slot<CachedState>, void> =>
  (slot) =>
    slot.value !== undefined && slot.value.atMs >= state.atMs
      ? unchanged(undefined)
      : cache(state)(slot);

/** Forgets an event. @returns whether there was one */
export const forget =
  (nowMs: number): Command<Slot<CachedState>, boolean> =>
  (slot) => {
    const current = currentOf(slot, nowMs);
    if (current === undefined || current.event === null) return unchanged(false);
    slot.value = { ...current, event: null, atMs: Math.max(nowMs, current.atMs) };
    return changed(true);
  };

/** What somebody learns who wants an answer. */
export type Claim = { readonly answer: string } | 'make it' | 'wait';

/** Asks for an answer, or for the right to make it. */
export const claim =
  (
    nodeId: string,
    isAlive: (nodeId: string) => boolean,
    nowMs: number,
  ): Command<Slot<AnswerState>, Claim> =>
  (slot) => {
    const current = currentOf(slot, nowMs);
    if (current !== undefined && current.answer !== null)
      return unchanged({ answer: current.answer });
    const isBeingMade = current !== undefined && current.madeBy !== nodeId;
    if (isBeingMade && isAlive(current.madeBy)) return unchanged('wait');
    slot.value = { answer: null, madeBy: nodeId, endMs: nowMs + MAX_MAKING_MS };
    return changed('make it');
  };

/** Leaves an answer, or the right to make it, for others. */
export const leaveAnswer =
  (nodeId: string, answer: string | null, endMs: number): Command<Slot<AnswerState>, void> =>
  (slot) => {
    if (answer !== null) slot.value = { answer, madeBy: nodeId, endMs };
    else if (slot.value?.madeBy === nodeId) slot.value = undefined;
    else return unchanged(undefined);
    return changed(undefined);
  };

/** Takes an amount out of the current window, or a new one. @returns whether there was that much left */
export const takeFromWindow =
  (
    amount: number,
    limit: number,
    windowMs: number,
    nowMs: number,
  ): Command<Slot<WindowState>, boolean> =>
  (slot) => {
    const { taken, endMs } = currentOf(slot, nowMs) ?? { taken: 0, endMs: nowMs + windowMs };
    if (taken + amount > limit) return unchanged(false);
    slot.value = { taken: taken + amount, endMs };
    return changed(true);
  };
