import { parseTraceparent } from '../../tracing/traceparent.js';
import { idsOf, TraceIds } from './trace-ids.js';

describe('Ids of traces', () => {
  const ids = new TraceIds();

  it('are valid, and never the same, however many are drawn', () => {
    const all = Array.from({ length: 2_000 }, () => ids.newTraceparent());
    for (const one of all) expect(parseTraceparent(one)).toMatchObject({ traceFlags: 0 });
    expect(new Set(all.map((one) => idsOf(one).traceId)).size).toBe(2_000);
    expect(new Set(all.map((one) => idsOf(one).spanId)).size).toBe(2_000);
  });

  it('of a child are those of its trace, and its own', () => {
    const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const children = [ids.childOf(parent), ids.childOf(parent)];
    expect(children.map((child) => idsOf(child).traceId)).toEqual(
      Array(2).fill('0af7651916cd43dd8448eb211c80319c'),
    );
    const spanIds = [parent, ...children].map((each) => idsOf(each).spanId);
    expect(new Set(spanIds).size).toBe(3);
    expect(parseTraceparent(children[0]!)).toMatchObject({ traceFlags: 1 });
  });
});
