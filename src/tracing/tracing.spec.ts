import { during, type TraceSpan } from './tracing.js';

function recorded() {
  const ends: unknown[][] = [];
  const span: TraceSpan = { traceparent: undefined, end: (...error) => void ends.push(error) };
  return { span, ends };
}

describe('A span that something is done in', () => {
  it('ends at once with what is done at once', () => {
    const { span, ends } = recorded();
    expect(during(span, () => 1)).toBe(1);
    expect(ends).toEqual([[]]);
  });

  it('ends with the promise of what takes longer', async () => {
    const { span, ends } = recorded();
    const result = during(span, () => Promise.resolve(1));
    expect(ends).toEqual([]);
    await expect(result).resolves.toBe(1);
    expect(ends).toEqual([[]]);
  });

  it('ends with what went wrong, which goes on to who asked', async () => {
    const { span, ends } = recorded();
    const error = new Error('full');
    const fail = () => {
      throw error;
    };
    expect(() => during(span, fail)).toThrow(error);
    await expect(during(span, () => Promise.reject(error))).rejects.toBe(error);
    expect(ends).toEqual([[error], [error]]);
  });
});
