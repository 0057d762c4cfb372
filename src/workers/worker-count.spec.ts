import { availableParallelism } from 'node:os';
import { workerCountOf } from './worker-count.js';

describe('The number of workers', () => {
  it('is what is asked for', () => expect([1, 64].map(workerCountOf)).toEqual([1, 64]));

  it('is that of the processors this process may run on with auto', () =>
    expect(workerCountOf('auto')).toBe(availableParallelism()));
});
