import type { InspectorRecord, TraceFannedOut, TracePart, TraceSent } from '../contract.js';
import type { Trace } from './trace-store.js';
import { waterfallOf } from './waterfall.js';

const RECORD: InspectorRecord = {
  id: 1,
  kind: 'published',
  atMs: 100,
  traceId: 't',
  spanId: 'r',
  channels: ['x', 'y'],
};

function traceOf(...parts: readonly (readonly [string, TracePart])[]): Trace {
  return {
    parts: parts.map(([nodeId, part]) => ({ nodeId, part })),
    omitted: 0,
    mayLackParts: false,
  };
}

function sent(spanId: string, atMs: number, fields: Partial<TraceSent> = {}): TraceSent {
  const base = { step: 'sent', traceId: 't', takenSpanId: 'r', spanId, channel: spanId } as const;
  return { ...base, atMs, tookMs: 1, ...fields };
}

function fannedOut(
  spanId: string,
  atMs: number,
  fields: Partial<TraceFannedOut> = {},
): TraceFannedOut {
  const base = { step: 'fanned-out', traceId: 't', spanId, channel: spanId } as const;
  return { ...base, atMs, tookMs: 2, sockets: 3, slow: 0, ...fields };
}

describe('the way of an event is told in its order', () => {
  it('the request, then each channel with its nodes, however parts come in', () => {
    const waterfall = waterfallOf(
      RECORD,
      'a',
      traceOf(
        ['b', fannedOut('x', 105)],
        ['a', fannedOut('y', 104)],
        ['a', sent('y', 103)],
        ['a', fannedOut('x', 102)],
        ['a', sent('x', 101)],
        ['a', { step: 'taken', traceId: 't', spanId: 'r', atMs: 100, tookMs: 6 }],
      ),
    );
    expect(waterfall.bars.map(({ step, nodeId, offsetMs }) => [step, nodeId, offsetMs])).toEqual([
      ['request', 'a', 0],
      ['sent', 'a', 1],
      ['fanned-out', 'a', 2],
      ['fanned-out', 'b', 5],
      ['sent', 'a', 3],
      ['fanned-out', 'a', 4],
    ]);
    expect(waterfall).toMatchObject({ totalMs: 7, nodes: ['a', 'b'], sockets: 9, slow: 0 });
  });

  it('with who was excluded, and who was slow', () => {
    const { bars, slow, excluded } = waterfallOf(
      RECORD,
      'a',
      traceOf(
        ['a', fannedOut('x', 101, { excluded: '1.2', slow: 2, slowSockets: ['3.4', '5.6'] })],
        ['b', fannedOut('x', 101, { slow: undefined as unknown as number })],
      ),
    );
    expect([slow, excluded]).toEqual([2, ['1.2']]);
    expect(bars[1]?.notes).toEqual(['not to 1.2, which is excluded', '2 slow sockets: 3.4, 5.6']);
    expect(bars[1]?.isFaulty).toBe(true);
    expect(bars[2]?.notes).toEqual(['too many sockets to look which are slow']);
  });

  it('with what went wrong', () => {
    const { bars } = waterfallOf(
      RECORD,
      'a',
      traceOf(
        ['a', { step: 'taken', traceId: 't', spanId: 'r', atMs: 100, tookMs: 6, error: 'no' }],
        ['a', sent('x', 101, { error: 'Redis is away' })],
      ),
    );
    expect(bars.map(({ isFaulty, notes }) => [isFaulty, notes])).toEqual([
      [true, ['no']],
      [true, ['Redis is away']],
    ]);
  });

  it('never below zero, whatever the clocks of other nodes say', () => {
    const { bars, totalMs } = waterfallOf(
      RECORD,
      'a',
      traceOf(['a', sent('x', 101)], ['b', fannedOut('x', -90_000, { tookMs: -4 })]),
    );
    expect(bars[2]).toMatchObject({ offsetMs: 1, tookMs: 0, isClockBehind: true });
    expect(totalMs).toBe(2);
  });

  it('without what a batch did on other channels', () => {
    const { bars, sockets } = waterfallOf(
      { ...RECORD, batchSize: 2, channels: ['y'] },
      'a',
      traceOf(['a', sent('x', 101)], ['a', fannedOut('x', 102)], ['a', sent('y', 103)]),
    );
    expect(bars.map(({ title }) => title)).toEqual(['Request taken', 'Handed to the cluster · y']);
    expect(sockets).toBe(0);
  });

  it.each([
    ['of an event that came alone', {}],
    ['when there are more channels than a record names', { batchSize: 2 }],
  ])('with channels that the record does not name, %s', (_, fields) => {
    const channels = Array.from({ length: 100 }, (__, index) => `c${index}`);
    const record = { ...RECORD, channels, ...fields };
    const parts = [sent('x', 101), fannedOut('x', 102)];
    const trace = traceOf(...parts.map((part) => ['a', part] as const));
    expect(waterfallOf(record, 'a', trace).sockets).toBe(3);
  });

  it('without what other requests of the same trace did on the same channel', () => {
    const { bars, sockets } = waterfallOf(
      RECORD,
      'a',
      traceOf(
        ['a', { step: 'taken', traceId: 't', spanId: 'q', atMs: 50, tookMs: 9 }],
        ['a', sent('q1', 51, { takenSpanId: 'q', channel: 'x' })],
        ['b', fannedOut('q1', 52, { channel: 'x' })],
        ['a', { step: 'taken', traceId: 't', spanId: 'r', atMs: 100, tookMs: 6 }],
        ['a', sent('r1', 101, { channel: 'x' })],
        ['b', fannedOut('r1', 102, { channel: 'x', sockets: 5 })],
      ),
    );
    expect(bars.map(({ offsetMs, tookMs }) => [offsetMs, tookMs])).toEqual([
      [0, 6],
      [1, 1],
      [2, 2],
    ]);
    expect(sockets).toBe(5);
  });

  it('from the record alone when nothing else is known', () => {
    const { bars, totalMs, sockets } = waterfallOf(RECORD, 'a', traceOf());
    expect([bars.length, totalMs, sockets]).toEqual([1, 0, 0]);
  });
});
