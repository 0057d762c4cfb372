import { NodeDirectory } from './node-directory.js';

describe('the directory of the other nodes', () => {
  let directory: NodeDirectory;
  let told: string[];

  beforeEach(() => {
    directory = new NodeDirectory();
    told = [];
    directory.onJoined((nodeId) => told.push(`+${nodeId}`));
    directory.onLeft((nodeId) => told.push(`-${nodeId}`));
  });

  it('knows each node once, and tells of it once', () => {
    directory.add('a');
    directory.add('a');
    expect(directory.ids).toEqual(['a']);
    expect(told).toEqual(['+a']);
  });

  it('tells of who went, if it was known', () => {
    directory.add('a');
    directory.remove('b');
    directory.remove('a');
    expect(directory.ids).toEqual([]);
    expect(told).toEqual(['+a', '-a']);
  });

  it('tells the difference when all are replaced', () => {
    directory.replace(['a', 'b']);
    directory.replace(['b', 'c']);
    expect(directory.ids).toEqual(['b', 'c']);
    expect(told).toEqual(['+a', '+b', '-a', '+c']);
  });

  it('gives a copy, which does not change under the reader', () => {
    directory.replace(['a', 'b']);
    const { ids } = directory;
    for (const nodeId of ids) directory.remove(nodeId);
    expect(ids).toEqual(['a', 'b']);
    expect(directory.has('a')).toBe(false);
  });
});
