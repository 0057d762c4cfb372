import { formatCount } from '../format/format.js';
import type { RecordKind, RecordsFrame } from '../contract.js';
import { KIND_LOOKS } from './kinds.js';

const WINDOW_MS = 1000;
const NAMED_KINDS = 3;

interface Tally {
  readonly atMs: number;
  readonly shown: ReadonlyMap<RecordKind, number>;
  readonly skipped: ReadonlyMap<RecordKind, number>;
}

function added(counts: Map<RecordKind, number>, kind: RecordKind, count: number): void {
  counts.set(kind, (counts.get(kind) ?? 0) + count);
}

/** How many records of the last second are shown, and how many were left out. Takes the time. */
export class SamplingTally {
  private tallies: Tally[] = [];

  take(frames: readonly RecordsFrame[], nowMs: number): void {
    const shown = new Map<RecordKind, number>();
    const skipped = new Map<RecordKind, number>();
    for (const frame of frames) {
      frame.records.forEach(({ kind }) => added(shown, kind, 1));
      for (const [kind, count] of Object.entries(frame.skipped ?? {})) {
        added(skipped, kind as RecordKind, count);
      }
    }
    this.tallies = this.tallies.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
    this.tallies.push({ atMs: nowMs, shown, skipped });
  }

  /** In words what is left out, the most first; nothing when all is shown. */
  sentence(nowMs: number): string | undefined {
    const shown = new Map<RecordKind, number>();
    const skipped = new Map<RecordKind, number>();
    for (const tally of this.tallies.filter(({ atMs }) => atMs > nowMs - WINDOW_MS)) {
      tally.shown.forEach((count, kind) => added(shown, kind, count));
      tally.skipped.forEach((count, kind) => added(skipped, kind, count));
    }
    return sentenceOfSkipped(shown, skipped);
  }
}

function sentenceOfSkipped(
  shown: ReadonlyMap<RecordKind, number>,
  skipped: ReadonlyMap<RecordKind, number>,
): string | undefined {
  const kinds = [...skipped]
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([kind, count]) => ({ kind, count, all: count + (shown.get(kind) ?? 0) }));
  if (kinds.length === 0) {
    return undefined;
  }
  const named = kinds
    .slice(0, NAMED_KINDS)
    .map(({ kind, count, all }) => partOf(count, all, KIND_LOOKS[kind]?.many ?? kind));
  const others = kinds.slice(NAMED_KINDS);
  if (others.length > 0) {
    const count = others.reduce((sum, other) => sum + other.count, 0);
    const all = others.reduce((sum, other) => sum + other.all, 0);
    named.push(partOf(count, all, 'others'));
  }
  return `Sampled: ${named.join(', ')} in the last second are not shown`;
}

function partOf(count: number, all: number, what: string): string {
  return `${formatCount(count)} of ${formatCount(all)} ${what}`;
}
