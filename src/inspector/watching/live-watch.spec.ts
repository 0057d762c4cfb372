import type { RecordKind, TraceFannedOut, TracePart, WatchFilter } from '../contract.js';
import { LiveWatch } from './live-watch.js';
import { shareOf } from './watch-share.js';

const watchOf = (filter: WatchFilter, nodes = 1) => new LiveWatch('c', filter, shareOf(nodes), 0);

const watchFor = (...kinds: RecordKind[]) => watchOf(kinds.length === 0 ? {} : { kinds });

let lastId = 0;

/** Offers as many. @returns how many it took */
function offer(watch: LiveWatch, kind: RecordKind, count: number, textLength = 1): number {
  let taken = 0;
  for (let i = 0; i < count; i++) {
    if (!watch.takes({ kind })) continue;
    watch.add({ id: (lastId += 1), kind, atMs: 0 }, textLength);
    taken++;
  }
  return taken;
}

const PART_LENGTH = 250;

const part = (traceId: string): TracePart => ({
  step: 'taken',
  traceId,
  spanId: 's',
  atMs: 0,
  tookMs: 0,
});

const fannedOut = (traceId: string): TraceFannedOut => ({
  step: 'fanned-out',
  traceId,
  spanId: 's',
  channel: 'c',
  atMs: 0,
  tookMs: 0,
  sockets: 1,
});

/** Takes a record of an event. */
function take(watch: LiveWatch, traceId: string): void {
  expect(watch.takes({ kind: 'published' })).toBe(true);
  watch.add({ id: (lastId += 1), kind: 'published', atMs: 0, traceId }, 1);
}

describe('A watch', () => {
  it('has nothing to say as long as nothing it wants happens', () => {
    const watch = watchFor('connected');
    expect(watch.flush('n')).toBeUndefined();
    expect(watch.takes({ kind: 'published' })).toBe(false);
    expect(watch.flush('n')).toBeUndefined();
  });

  it('says everything once, in order', () => {
    const watch = watchFor();
    offer(watch, 'connected', 2);
    offer(watch, 'published', 1);
    const { records, ...rest } = watch.flush('n')!;
    expect(records.map(({ kind }) => kind)).toEqual(['connected', 'connected', 'published']);
    expect(records.map(({ id }) => id)).toEqual([lastId - 2, lastId - 1, lastId]);
    expect(rest).toEqual({ nodeId: 'n', parts: [] });
    expect(watch.flush('n')).toBeUndefined();
  });

  it('gets 40 of a kind between two flushes, and counts the others', () => {
    const watch = watchFor();
    expect(offer(watch, 'published', 100)).toBe(40);
    expect(offer(watch, 'connected', 41)).toBe(40);
    expect(offer(watch, 'node', 1)).toBe(1);
    const { records, skipped } = watch.flush('n')!;
    expect(records).toHaveLength(81);
    expect(skipped).toEqual({ published: 60, connected: 1 });
    expect(offer(watch, 'published', 1)).toBe(1);
    expect(watch.flush('n')).not.toHaveProperty('skipped');
  });

  it('gets 120 in all', () => {
    const watch = watchFor();
    const kinds: RecordKind[] = ['connected', 'disconnected', 'subscribed', 'published', 'node'];
    expect(kinds.map((kind) => offer(watch, kind, 30))).toEqual([30, 30, 30, 30, 0]);
    expect(offer(watch, 'published', 30)).toBe(0);
    const { records, skipped } = watch.flush('n')!;
    expect(records).toHaveLength(120);
    expect(skipped).toEqual({ node: 30, published: 30 });
  });

  it('gets so much text, and what goes beyond it once', () => {
    const watch = watchFor();
    expect(offer(watch, 'published', 20, 10_000)).toBe(14);
    expect(offer(watch, 'node', 1)).toBe(0);
    expect(watch.flush('n')!.skipped).toEqual({ published: 6, node: 1 });
    expect(offer(watch, 'published', 1, 1_000_000)).toBe(1);
    expect(offer(watch, 'published', 1)).toBe(0);
    expect(watch.flush('n')!.records).toHaveLength(1);
  });

  it('counts nothing that it did not ask for', () => {
    const watch = watchFor('published');
    offer(watch, 'connected', 100);
    offer(watch, 'published', 50);
    expect(watch.flush('n')!.skipped).toEqual({ published: 10 });
  });

  it('gets the share of one node of many, as many as there are by then', () => {
    const watch = watchOf({}, 4);
    expect([offer(watch, 'published', 40), offer(watch, 'connected', 40)]).toEqual([10, 10]);
    expect(offer(watch, 'node', 40)).toBe(10);
    expect(offer(watch, 'webhook', 1)).toBe(0);
    watch.flush('n');
    watch.share = shareOf(1);
    expect(offer(watch, 'published', 50)).toBe(40);
  });
});

describe('Of the way of an event a watch is told', () => {
  it('what it has a record of, and nothing else of this node', () => {
    const watch = watchFor();
    take(watch, 'mine');
    watch.addPart(part('mine'), PART_LENGTH);
    watch.addPart(part('of-others'), PART_LENGTH);
    expect(watch.flush('n')!.parts).toEqual([part('mine')]);
    watch.addPart(fannedOut('mine'), PART_LENGTH);
    watch.addPart(fannedOut('of-others'), PART_LENGTH);
    expect(watch.flush('n')).toEqual({ nodeId: 'n', records: [], parts: [fannedOut('mine')] });
    expect(watch.flush('n')).toBeUndefined();
  });

  it('what another node may have recorded for it', () => {
    const watch = watchOf({ appId: 'a' });
    watch.addPartFromElsewhere(fannedOut('1'), PART_LENGTH, 'a', undefined);
    watch.addPartFromElsewhere(fannedOut('2'), PART_LENGTH, 'b', undefined);
    expect(watch.flush('n')).toEqual({ nodeId: 'n', records: [], parts: [fannedOut('1')] });
    const other = watchFor('node', 'connected');
    other.addPartFromElsewhere(fannedOut('1'), PART_LENGTH, 'a', undefined);
    expect(other.flush('n')).toBeUndefined();
  });

  it('what there is room for, and how much there was not', () => {
    const watch = watchFor('published');
    take(watch, 'mine');
    for (let i = 0; i < 1000; i++) watch.addPart(part('mine'), PART_LENGTH);
    const { parts, skipped, skippedParts } = watch.flush('n')!;
    expect([parts.length, skipped, skippedParts]).toEqual([400, undefined, 600]);
    watch.addPart(part('mine'), PART_LENGTH);
    expect(watch.flush('n')).toEqual({ nodeId: 'n', records: [], parts: [part('mine')] });
  });

  it('as many characters as there is room for, and what goes beyond it once', () => {
    const watch = watchFor();
    take(watch, 'mine');
    for (let i = 0; i < 20; i++) watch.addPart(part('mine'), 10_000);
    const { parts, skippedParts } = watch.flush('n')!;
    expect([parts.length, skippedParts]).toEqual([14, 6]);
  });

  it('of what began elsewhere so much that there is room for its own', () => {
    const watch = watchOf({}, 4);
    take(watch, 'mine');
    for (let i = 0; i < 200; i++) {
      watch.addPartFromElsewhere(fannedOut(`far-${i}`), PART_LENGTH, 'a', undefined);
    }
    // One whose trace goes on with what this node took.
    watch.addPartFromElsewhere(fannedOut('mine'), PART_LENGTH, 'a', undefined);
    for (let i = 0; i < 200; i++) watch.addPart(part('mine'), PART_LENGTH);
    const { parts, skippedParts } = watch.flush('n')!;
    const own = parts.filter(({ traceId }) => traceId === 'mine');
    expect([parts.length, own.length, skippedParts]).toEqual([100, 50, 301]);
  });

  it('that there was no room, even when that is all', () => {
    const watch = watchFor();
    watch.share = { ...shareOf(1), parts: 0, partsFromElsewhere: 0 };
    watch.addPartFromElsewhere(fannedOut('far'), PART_LENGTH, 'a', undefined);
    expect(watch.flush('n')).toEqual({ nodeId: 'n', records: [], parts: [], skippedParts: 1 });
    expect(watch.flush('n')).toBeUndefined();
  });
});
