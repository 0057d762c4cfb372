import { nodeChanges } from './node-changes.js';

describe('Nodes that come and go', () => {
  it('are told of by one node, whichever they are', () => {
    const saysOf = (now: string[]) => (own: string) => nodeChanges(own, ['b', 'c'], now);
    expect(['b', 'c'].flatMap(saysOf(['a', 'b', 'c']))).toEqual(['Node a is there']);
    expect(['b', 'c'].flatMap(saysOf(['b', 'c', 'd']))).toEqual(['Node d is there']);
    expect(['b'].flatMap(saysOf(['b']))).toEqual(['Node c is gone']);
    expect(['c'].flatMap(saysOf(['c']))).toEqual(['Node b is gone']);
  });

  it('are nothing to tell of while all stay', () =>
    expect(nodeChanges('b', ['b', 'c'], ['b', 'c'])).toEqual([]));
});
