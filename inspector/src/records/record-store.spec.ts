import type { InspectorRecord, RecordsFrame, TracePart } from '../contract.js';
import { jsonLinesOf } from './json-lines.js';
import { RecordStore } from './record-store.js';
import { RecordView } from './record-view.js';

function record(id: number, fields: Partial<InspectorRecord> = {}): InspectorRecord {
  return { id, kind: 'published', atMs: id, ...fields };
}

function frame(
  records: readonly InspectorRecord[],
  parts: readonly TracePart[] = [],
): RecordsFrame {
  return { nodeId: 'a', records, parts };
}

function taken(traceId: string): TracePart {
  return { step: 'taken', traceId, spanId: 's', atMs: 0, tookMs: 1 };
}

function idsOf(store: RecordStore): (number | undefined)[] {
  return Array.from(
    { length: store.size },
    (_, index) => store.at(store.firstSequence + index)?.record.id,
  );
}

describe('a store keeps the newest records', () => {
  it('and no more than it has room for', () => {
    const store = new RecordStore(3);
    store.take([frame([1, 2, 3, 4, 5].map((id) => record(id)))]);
    expect(idsOf(store)).toEqual([3, 4, 5]);
    expect([store.size, store.firstSequence, store.nextSequence]).toEqual([3, 2, 5]);
    expect(store.at(1)).toBeUndefined();
    expect(store.at(5)).toBeUndefined();
  });

  it('those of several nodes in the order of time', () => {
    const store = new RecordStore(10);
    store.take([
      { nodeId: 'a', records: [record(1, { atMs: 10 }), record(2, { atMs: 30 })], parts: [] },
      { nodeId: 'b', records: [record(3, { atMs: 20 })], parts: [] },
    ]);
    expect(idsOf(store)).toEqual([1, 3, 2]);
    expect(store.at(1)?.nodeId).toBe('b');
  });

  it('until it is cleared, and counts on', () => {
    const store = new RecordStore(3);
    store.take([frame([record(1)])]);
    store.clear();
    store.take([frame([record(2)])]);
    expect(idsOf(store)).toEqual([2]);
    expect(store.nextSequence).toBe(2);
  });

  it('with the parts of their traces, whichever come first', () => {
    const store = new RecordStore(2);
    store.take([frame([], [taken('t')])]);
    store.take([frame([record(1, { traceId: 't' })])]);
    store.take([frame([], [taken('t')])]);
    expect(store.at(0)?.trace?.parts).toHaveLength(2);
  });
});

describe('a trace', () => {
  it('may lack parts when a node says that it left some out', () => {
    const store = new RecordStore(2);
    const traced = { ...frame([record(1, { traceId: 't' })]), nodeId: 'b' };
    store.take([traced, frame([])]);
    expect(store.at(0)?.trace?.mayLackParts).toBe(false);
    store.take([{ ...frame([]), skippedParts: 1 }]);
    expect(store.at(0)?.trace?.mayLackParts).toBe(true);
  });
});

describe('a view shows what matches', () => {
  const isEven = ({ record: { id } }: { record: InspectorRecord }): boolean => id % 2 === 0;

  it('and follows its store', () => {
    const store = new RecordStore(4);
    const view = new RecordView(store, isEven);
    store.take([frame([1, 2, 3, 4].map((id) => record(id)))]);
    view.advance();
    expect(view.records.map((kept) => kept.record.id)).toEqual([2, 4]);
    store.take([frame([5, 6, 7].map((id) => record(id)))]);
    view.advance();
    expect(view.records.map((kept) => kept.record.id)).toEqual([4, 6]);
    store.clear();
    view.advance();
    expect(view.records).toEqual([]);
  });

  it('looks at every record only once', () => {
    const store = new RecordStore(10);
    let looks = 0;
    const view = new RecordView(store, () => (looks += 1) > 0);
    for (let id = 1; id <= 5; id++) {
      store.take([frame([record(id)])]);
      view.advance();
    }
    expect(looks).toBe(5);
  });
});

describe('records are exported as JSON lines', () => {
  it('one a line, with node and trace', () => {
    const store = new RecordStore(10);
    store.take([frame([record(1, { traceId: 't', data: 'a\nb' }), record(2)], [taken('t')])]);
    const kept = [store.at(0), store.at(1)].filter((one) => one !== undefined);
    const lines = jsonLinesOf(kept).split('\n');
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      nodeId: 'a',
      ...record(1, { traceId: 't', data: 'a\nb' }),
      trace: [{ nodeId: 'a', ...taken('t') }],
    });
    expect(JSON.parse(lines[1] ?? '')).toEqual({ nodeId: 'a', ...record(2) });
    expect(lines[2]).toBe('');
  });
});
