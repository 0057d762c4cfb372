import { performance } from 'node:perf_hooks';
import { anything, loseData } from './harness/cluster-faults.js';
import { Soak } from './harness/cluster-soak.js';
import { closeAll } from './harness/eventually.js';

afterEach(closeAll);

const SECONDS = Number(process.env.REVERB_SOAK_SECONDS ?? 60);
const SEED = Number(process.env.REVERB_SOAK_SEED ?? Math.floor(Math.random() * 1_000_000));
/** What a storm, and the calm after it, may take. */
const STORM_SECONDS = 22;

describe('Whatever happens to Redis and to the nodes', () => {
  it(
    `nobody is told anything wrong, and in the end everybody knows all (seed ${SEED})`,
    async () => {
      const endMs = performance.now() + SECONDS * 1000;
      const soak = await Soak.start(SEED);
      try {
        await soak.storm(loseData, 3);
        do await soak.storm(anything, 4);
        while (performance.now() + STORM_SECONDS * 1000 < endMs);
      } catch (error) {
        console.error(`REVERB_SOAK_SEED=${SEED} repeats it. What happened:\n${soak.history}`);
        throw error;
      }
    },
    (SECONDS + 60) * 1000,
  );
});
