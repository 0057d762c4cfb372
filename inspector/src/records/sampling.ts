import { formatCount } from '../format/format.js';
import type { RecordKind, RecordsFrame } from '../contract.js';
import { KIND_LOOKS } from './kinds.js';

const WINDOW_MS = 1000;

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
  const parts = [...skipped]
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([kind, count]) => {
      const all = count + (shown.get(kind) ?? 0);
      return `${formatCount(count)} of ${formatCount(all)} ${KIND_LOOKS[kind]?.many ?? kind}`;
    });
  return parts.length === 0
    ? undefined
    : `Sampled: ${parts.join(', ')} in the last second are not shown`;
}
