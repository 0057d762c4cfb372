import { setTimeout as sleep } from 'node:timers/promises';
import { closeAll, eventually } from '../harness/eventually.js';
import { PusherClient } from '../harness/pusher-client.js';
import type { ServerProcess } from '../harness/server-process.js';
import { signedRequest } from '../harness/signed-request.js';
import { startInspected } from './harness/inspected-server.js';
import { Inspector, type View } from './harness/inspector.js';
import { heldBytes } from './harness/page-memory.js';
import { useChromium } from './harness/use-chromium.js';

const chromium = useChromium();

/** How long the page is under load once it is full; a minute says more. */
const LOAD_SECONDS = Number(process.env.INSPECTOR_LOAD_SECONDS ?? 8);
const FILLING_MS = 40_000;
const TICK_MS = 100;
const BATCHES_PER_TICK = 10;
const EVENTS_PER_BATCH = 10;
/** What comes and goes meanwhile, so that there are several kinds of records. */
const SUBSCRIPTIONS_PER_TICK = 20;
const CAPACITY = 5000;
const MIB = 1024 * 1024;
const VIEWS: readonly View[] = [
  'Channels',
  'Connections',
  'Nodes',
  'Publish',
  'Charts',
  'Webhooks',
];

afterAll(closeAll);

/** About 1000 events a second, as far as the machine allows, until it is stopped. */
class Load {
  published = 0;
  private isStopped = false;
  private readonly running: Promise<void>;

  constructor(
    private readonly server: ServerProcess,
    private readonly client: PusherClient,
  ) {
    this.running = this.run();
    // Whoever started it hears of it when it is stopped; a test that fails has no more to do with it.
    this.running.catch(() => undefined);
  }

  stop(): Promise<void> {
    this.isStopped = true;
    return this.running;
  }

  private async run(): Promise<void> {
    for (let tick = 0; !this.isStopped; tick++) {
      const rest = sleep(TICK_MS);
      for (let i = 0; i < SUBSCRIPTIONS_PER_TICK; i++) {
        this.client.sendSubscribe(`passing-${i}`);
        this.client.unsubscribe(`passing-${i}`);
      }
      await Promise.all(Array.from({ length: BATCHES_PER_TICK }, () => this.publish(tick)));
      await rest;
    }
  }

  private async publish(tick: number): Promise<void> {
    const batch = Array.from({ length: EVENTS_PER_BATCH }, (_, i) => ({
      channel: `orders-${i}`,
      name: 'order.changed',
      data: JSON.stringify({ tick, text: 'x'.repeat(200) }),
    }));
    const { status, text } = await signedRequest(this.server, 'POST', 'batch_events', {
      body: { batch },
    });
    if (status !== 200) throw new Error(`A batch was answered with ${status} ${text}`);
    this.published += batch.length;
  }
}

/** How many records the page says it keeps. */
async function keptBy({ page }: Inspector): Promise<number> {
  const words = (await page.getByTestId('tail-count').textContent()) ?? '';
  return Number(/^[\d\u202f]+(?= record)/.exec(words)?.[0].replace('\u202f', ''));
}

describe('1000 events a second', () => {
  it(
    'leave the page quick, honest and small',
    async () => {
      const server = await startInspected({ REVERB_INSPECTOR_PAYLOADS: 'true' });
      const client = await PusherClient.connect(server);
      await client.subscribe('orders-1');
      const inspector = await Inspector.open(chromium, server);
      const load = new Load(server, client);

      await inspector.expectText(/^Sampled: .* publishes.* in the last second are not shown$/);
      await eventually(async () => expect(await keptBy(inspector)).toBe(CAPACITY), {
        withinMs: FILLING_MS,
        everyMs: 500,
      });
      const before = await heldBytes(inspector.page);
      const publishedBefore = load.published;

      const endMs = performance.now() + LOAD_SECONDS * 1000;
      do {
        for (const view of VIEWS) await inspector.goTo(view);
        await inspector.goTo('Tail');
        expect(await keptBy(inspector)).toBe(CAPACITY);
        expect(await inspector.rows('Records').count()).toBeLessThan(100);
        // Whatever stands there: rows move on.
        await inspector.grid('Records').click({ position: { x: 200, y: 100 } });
        await inspector.details.waitFor();
        await inspector.button('Close the details').click();
        await inspector.button('Pause').click();
        await inspector.expectText(/paused; [\d\u202f]+ more arrived meanwhile/);
        await inspector.button('Resume').click();
        await sleep(500);
      } while (performance.now() < endMs);

      expect(load.published).toBeGreaterThan(publishedBefore);
      expect(await heldBytes(inspector.page)).toBeLessThan(before * 1.5 + 10 * MIB);
      await load.stop();
      await inspector.page.getByText(/^Sampled:/).waitFor({ state: 'detached' });
    },
    FILLING_MS + LOAD_SECONDS * 1000 + 60_000,
  );
});
