import * as fc from 'fast-check';
import { formatTraceparent, parseTraceparent } from './traceparent.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('A traceparent', () => {
  it('is read, and written as it was', () => {
    const read = parseTraceparent(`00-${TRACE}-${SPAN}-01`);
    expect(read).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1 });
    expect(formatTraceparent(read!)).toBe(`00-${TRACE}-${SPAN}-01`);
    expect(formatTraceparent({ ...read!, traceFlags: 255 })).toMatch(/-ff$/);
  });

  it('of a later version is read as far as it is known', () => {
    const read = { traceId: TRACE, spanId: SPAN, traceFlags: 0 };
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-00`)).toEqual(read);
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-00-what-the-future-brings`)).toEqual(read);
  });

  it.each([
    '',
    '00',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `cc-${TRACE}-${SPAN}-01more`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    `00-${'g'.repeat(32)}-${SPAN}-01`,
  ])('is not %j', (text) => expect(parseTraceparent(text)).toBeUndefined());

  it('may be any text, and does no harm', () => {
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => void parseTraceparent(text)));
  });
});
