import { jest } from '@jest/globals';
import { closeAll, eventually } from './harness/eventually.js';
import { MetricsScrape } from './harness/metrics-scrape.js';
import { publish } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import type { ServerProcess } from './harness/server-process.js';
import {
  askNext,
  signal,
  startWorkers,
  untilWorkers,
  workersOf,
} from './harness/server-workers.js';

jest.setTimeout(40_000);

const COUNT = 3;
const CLIENTS = 6;
const NUMBERS = ['1', '2', '3'];

let server: ServerProcess;

beforeAll(async () => {
  server = await startWorkers(COUNT, { variables: { REVERB_METRICS_ENABLED: 'true' } });
});
afterAll(closeAll);

/** The page of the worker whose turn it is. */
async function scrape(): Promise<MetricsScrape> {
  const { status, text } = await askNext(server, 'GET', '/metrics');
  expect(status).toBe(200);
  return new MetricsScrape(text);
}

/** On which workers a metric stands. */
const workersIn = (page: MetricsScrape, name: string) =>
  new Set(page.family(name).metrics.map(({ labels }) => labels?.['worker']));

describe('The page of a server of several workers', () => {
  it('is that of all of them, whichever answers', async () => {
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => PusherClient.connect(server)),
    );
    for (const client of clients) await client.subscribe('c');
    await publish(server, 'c', 'event');
    for (const client of clients) await client.expectFrame('event');
    for (let i = 0; i < 2 * COUNT; i++) {
      const page = await scrape();
      expect(workersIn(page, 'revurb_build_info')).toEqual(new Set(NUMBERS));
      expect(workersIn(page, 'process_resident_memory_bytes')).toEqual(new Set(NUMBERS));
      expect(page.value('revurb_connections')).toBe(CLIENTS);
      expect(page.value('revurb_subscriptions')).toBe(CLIENTS);
      expect(page.value('revurb_events_published_total')).toBe(1);
      expect(page.value('revurb_deliveries_total')).toBe(CLIENTS);
      for (const worker of NUMBERS) {
        expect(page.value('revurb_cluster_nodes', { worker })).toBe(COUNT);
      }
    }
  });

  it('does without a worker that is paused, after a second, and has it again later', async () => {
    const [paused] = workersOf(server);
    signal(paused!.pid, 'SIGSTOP');
    // The paused one has its turn as well, and does not answer.
    const asked = Array.from({ length: COUNT }, () => scrape().catch(() => undefined));
    const page = await Promise.any(asked.map(async (each) => (await each) ?? Promise.reject()));
    expect(workersIn(page, 'revurb_build_info')).toEqual(new Set(['2', '3']));
    signal(paused!.pid, 'SIGCONT');
    await Promise.all(asked);
    await eventually(async () => {
      expect(workersIn(await scrape(), 'revurb_build_info')).toEqual(new Set(NUMBERS));
    });
  });

  it('has the one that takes the place of a dead worker', async () => {
    const [, dead] = workersOf(server);
    signal(dead!.pid, 'SIGKILL');
    await untilWorkers(server, COUNT, [dead!.pid]);
    await eventually(
      async () => {
        const page = await scrape();
        expect(workersIn(page, 'revurb_build_info')).toEqual(new Set(NUMBERS));
        expect(page.value('revurb_connections_opened_total', { worker: '2' }) ?? 0).toBe(0);
      },
      { withinMs: 25_000, everyMs: 100 },
    );
  });
});
