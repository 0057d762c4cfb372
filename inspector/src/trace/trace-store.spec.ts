import type { TracePart } from '../contract.js';
import { TraceStore } from './trace-store.js';

function part(traceId: string): TracePart {
  return { step: 'taken', traceId, spanId: 's', atMs: 0, tookMs: 0 };
}

describe('parts of traces', () => {
  it('are joined, before and after their record comes', () => {
    const traces = new TraceStore();
    traces.add('a', part('t'));
    const trace = traces.claim('t');
    traces.add('b', part('t'));
    expect(trace.parts.map(({ nodeId }) => nodeId)).toEqual(['a', 'b']);
  });

  it('that no record claims do not pile up', () => {
    const traces = new TraceStore();
    for (let index = 0; index < 5000; index++) {
      traces.add('a', part(`t${index}`));
    }
    expect(traces.size).toBe(2000);
    expect(traces.claim('t0').parts).toEqual([]);
    expect(traces.claim('t4999').parts).toHaveLength(1);
  });

  it('stay while a record of a batch does, and leave with the last', () => {
    const traces = new TraceStore();
    const trace = traces.claim('t');
    expect(traces.claim('t')).toBe(trace);
    traces.release('t');
    traces.add('a', part('t'));
    expect(trace.parts).toHaveLength(1);
    traces.release('t');
    traces.release('t');
    expect(traces.size).toBe(0);
  });

  it('may be missing of traces that were heard of when a server left some out', () => {
    let nowMs = 0;
    const traces = new TraceStore(() => nowMs);
    const [long, before] = [traces.claim('long'), ((nowMs = 60_000), traces.claim('before'))];
    expect(before.mayLackParts).toBe(false);
    traces.lose();
    nowMs += 1000;
    traces.add('a', part('after'));
    nowMs += 60_000;
    const late = traces.claim('late');
    const all = [long, before, traces.claim('after'), late];
    expect(all.map(({ mayLackParts }) => mayLackParts)).toEqual([false, true, true, false]);
  });

  it('of one trace are bounded, and it says how many are missing', () => {
    const traces = new TraceStore();
    const trace = traces.claim('t');
    for (let index = 0; index < 300; index++) {
      traces.add('a', part('t'));
    }
    expect([trace.parts.length, trace.omitted]).toEqual([256, 44]);
  });

  it('of all traces are bounded: the oldest lose theirs, and say so', () => {
    const traces = new TraceStore();
    const claimed = Array.from({ length: 300 }, (_, index) => traces.claim(`t${index}`));
    for (let index = 0; index < 300; index++) {
      for (let count = 0; count < 200; count++) {
        traces.add('a', part(`t${index}`));
      }
    }
    expect(claimed.reduce((sum, { parts }) => sum + parts.length, 0)).toBe(50_000);
    expect(claimed.map(({ omitted }) => omitted)).toEqual([
      ...Array.from({ length: 50 }, () => 200),
      ...Array.from({ length: 250 }, () => 0),
    ]);
  });
});
