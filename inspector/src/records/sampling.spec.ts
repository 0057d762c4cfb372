import type { InspectorRecord, RecordsFrame } from '../contract.js';
import { SamplingTally } from './sampling.js';

function frame(shown: number, skipped: RecordsFrame['skipped']): RecordsFrame {
  const records = Array.from({ length: shown }, (_, id): InspectorRecord => ({
    id,
    kind: 'published',
    atMs: 0,
  }));
  return { nodeId: 'a', records, parts: [], ...(skipped && { skipped }) };
}

function said(tally: SamplingTally, nowMs: number): string | undefined {
  return tally.sentence(nowMs)?.replaceAll('\u202f', ' ');
}

describe('what is left out is said', () => {
  it('not when all is shown', () => {
    const tally = new SamplingTally();
    tally.take([frame(5, undefined)], 0);
    expect(said(tally, 0)).toBeUndefined();
  });

  it('in words, over the last second', () => {
    const tally = new SamplingTally();
    for (let nowMs = 1000; nowMs < 3000; nowMs += 200) {
      tally.take([frame(36, { published: 164 })], nowMs);
    }
    expect(said(tally, 2800)).toBe(
      'Sampled: 820 of 1 000 publishes in the last second are not shown',
    );
  });

  it('by kind, the most first', () => {
    const tally = new SamplingTally();
    tally.take([frame(0, { subscribed: 2, published: 7, webhook: 0 })], 0);
    expect(said(tally, 10)).toBe(
      'Sampled: 7 of 7 publishes, 2 of 2 subscriptions in the last second are not shown',
    );
  });

  it('in one line, however many kinds there are', () => {
    const tally = new SamplingTally();
    const skipped = { published: 9, subscribed: 8, webhook: 7, redis: 2, node: 1 };
    tally.take([frame(1, skipped)], 0);
    expect(said(tally, 10)).toBe(
      'Sampled: 9 of 10 publishes, 8 of 8 subscriptions, 7 of 7 webhooks, 3 of 3 others in the last second are not shown',
    );
  });

  it('not by the parts of traces, which are no records', () => {
    const tally = new SamplingTally();
    tally.take([{ ...frame(5, undefined), skippedParts: 100 }], 0);
    expect(said(tally, 10)).toBeUndefined();
  });

  it('over all nodes, each of which sends its share', () => {
    const tally = new SamplingTally();
    for (let nowMs = 1000; nowMs < 2000; nowMs += 200) {
      const [one, other] = [frame(20, { published: 30 }), frame(2, undefined)];
      tally.take([one, { ...other, nodeId: 'b' }], nowMs);
    }
    expect(said(tally, 1900)).toBe(
      'Sampled: 150 of 260 publishes in the last second are not shown',
    );
  });

  it('no longer than a second', () => {
    const tally = new SamplingTally();
    tally.take([frame(0, { published: 7 })], 0);
    expect(said(tally, 1000)).toBeUndefined();
  });
});
