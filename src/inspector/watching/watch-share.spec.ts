import { shareOf } from './watch-share.js';

describe('The share of a node in what a watch gets', () => {
  it('is all of it, when there is one', () => {
    expect(shareOf(1)).toEqual({
      records: 120,
      recordsOfKind: 40,
      parts: 400,
      partsFromElsewhere: 200,
      length: 131_072,
    });
  });

  it('is divided among nodes', () => {
    expect(shareOf(3)).toEqual({
      records: 40,
      recordsOfKind: 13,
      parts: 133,
      partsFromElsewhere: 66,
      length: 43_690,
    });
  });

  it('is no more text, of however many workers, than the outbox of a connection holds', () => {
    for (let nodes = 1; nodes <= 16; nodes++) {
      expect(nodes * shareOf(nodes).length).toBeLessThanOrEqual(131_072);
    }
    expect(2 * 64 * shareOf(64).length).toBeLessThanOrEqual(1_048_576);
  });

  it('leaves each of very many nodes something to say', () => {
    const least = {
      records: 20,
      recordsOfKind: 10,
      parts: 50,
      partsFromElsewhere: 25,
      length: 8192,
    };
    expect([shareOf(17), shareOf(10_000)]).toEqual([least, least]);
  });
});
