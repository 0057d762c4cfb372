import type { RecordKind, TracePart } from '../contract.js';
import { LiveWatch } from './live-watch.js';
import { compileFilter } from './watch-filter.js';

const watchFor = (...kinds: RecordKind[]) =>
  new LiveWatch('c', '{}', compileFilter(kinds.length === 0 ? {} : { kinds }), 0);

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

const part = (traceId: string): TracePart => ({
  step: 'taken',
  traceId,
  spanId: 's',
  atMs: 0,
  tookMs: 0,
});

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

  it('says of steps what there is room for, without any record, too', () => {
    const watch = watchFor('node');
    for (let i = 0; i < 1000; i++) watch.addPart(part(String(i)));
    const { records, parts, skipped } = watch.flush('n')!;
    expect({ records, count: parts.length, skipped }).toEqual({
      records: [],
      count: 400,
      skipped: undefined,
    });
    expect(parts[399]).toEqual(part('399'));
    expect(watch.flush('n')).toBeUndefined();
  });
});
