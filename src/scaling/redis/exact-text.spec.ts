import * as fc from 'fast-check';
import { fromExactText, toExactText } from './exact-text.js';
import { readMembers, writeMember } from './roster-member.js';

/** As Redis keeps it. */
const throughRedis = (text: string) => Buffer.from(text, 'utf8').toString('utf8');
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)),
});

describe('A text that goes through Redis', () => {
  it('comes back as it was, whatever it is', () => {
    const property = fc.property(anyText, (text) => {
      expect(fromExactText(throughRedis(toExactText(text)))).toBe(text);
    });
    fc.assert(property);
    for (const text of ['', '\u0000', '\u0000"a"', '\ud800', 'é\ud83d\ude00']) {
      expect(fromExactText(throughRedis(toExactText(text)))).toBe(text);
    }
  });

  it('is itself, unless it cannot be', () => {
    for (const text of ['', '1', 'user é', '{"a":1}']) expect(toExactText(text)).toBe(text);
  });

  it('is another than all others', () => {
    const property = fc.property(anyText, anyText, (one, other) => {
      expect(throughRedis(toExactText(one)) === throughRedis(toExactText(other))).toBe(
        one === other,
      );
    });
    fc.assert(property);
  });
});

describe('A member that goes through Redis', () => {
  it('keeps the type of its id and the text of its user_info', () => {
    const member = fc.record({
      userId: anyText,
      id: fc.oneof(anyText, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
      userInfo: fc.option(anyText, { nil: undefined }),
    });
    const property = fc.property(fc.array(member), (members) => {
      const fields = members.flatMap((each) => [toExactText(each.userId), writeMember(each)]);
      const read = readMembers(fields.map(throughRedis));
      expect(read).toEqual(
        members.map((each) => ({ ...each, id: JSON.parse(JSON.stringify(each.id)) })),
      );
    });
    fc.assert(property);
  });
});
