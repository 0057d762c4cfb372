import type { StoreSubject } from './state-store.subject.js';
import { expectSoon, type TestGlobals } from './test-globals.js';

/** Describes what every StateStore knows of the cluster itself. */
export function describeNodes(subject: StoreSubject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;

  describe('knows the nodes of its cluster:', () => {
    it('each has a name of its own, and keeps it', () => {
      const names = subject.nodes.map(({ nodeId }) => nodeId);
      expect(new Set(names).size).toBe(names.length);
      expect(names.includes('')).toBe(false);
      expect(subject.nodes.map(({ nodeId }) => nodeId)).toEqual(names);
    });

    it('all that are alive are known to all, each once', async () => {
      const names = subject.nodes.map(({ nodeId }) => nodeId).sort();
      for (const node of subject.nodes) {
        // There may be others, of other tests.
        const known = () => node.nodes().filter((nodeId) => names.includes(nodeId));
        await expectSoon(() => known().sort(), names);
      }
    });

    it('they can be reached', async () => {
      for (const node of subject.nodes) {
        await expectSoon(() => [node.status === 'down', node.unreachableMs], [false, 0]);
        if (subject.nodes.length > 1) expect(node.status).toBe('up');
      }
    });
  });
}
