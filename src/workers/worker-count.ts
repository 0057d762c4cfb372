import { availableParallelism } from 'node:os';

/** How many workers REVERB_WORKERS means on this machine. */
export function workerCountOf(workers: number | 'auto'): number {
  return workers === 'auto' ? availableParallelism() : workers;
}
