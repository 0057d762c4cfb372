import { mkdirSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeAll } from '../harness/eventually.js';
import { NodeCluster } from '../harness/node-cluster.js';
import { RedisServer } from '../harness/redis-server.js';
import { INSPECTED } from './harness/inspected-server.js';
import { Inspector } from './harness/inspector.js';
import { Shop } from './harness/shop.js';
import { useChromium } from './harness/use-chromium.js';

/*
 * Not a test of its own: `npm run screenshots` has the pictures of the documentation taken of a shop
 * that is not there.
 */

const DIRECTORY = 'docs/images';
/** So that there is something to be seen in the charts. */
const BUSINESS_SECONDS = Number(process.env.BUSINESS_SECONDS ?? 180);
const MAX_BYTES = 200_000;
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

const MESSAGES = ['Good morning!', 'Who has seen order 7042?', 'It is on its way.'];

const chromium = useChromium();

afterAll(closeAll);

async function take({ page }: Inspector, name: string): Promise<void> {
  const path = `${DIRECTORY}/inspector-${name}.png`;
  // Nothing is to stand out by chance.
  await page.mouse.move(0, 0);
  await page.screenshot({ path });
  expect(statSync(path).size).toBeLessThan(MAX_BYTES);
}

it(
  'takes the pictures of the documentation',
  async () => {
    mkdirSync(DIRECTORY, { recursive: true });
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.start(2, redis, {
      ...INSPECTED,
      REVERB_INSPECTOR_PAYLOADS: 'true',
      REVERB_APP_ID: 'shop',
    });
    const nodes = cluster.nodes.map((node) => Object.assign(node, { appId: 'shop' }));
    const look = { nodes: 2, viewport: DESKTOP, colorScheme: 'light' } as const;
    const inspector = await Inspector.open(chromium, nodes[0]!, look);
    const shop = new Shop(nodes);
    await shop.open();
    await sleep(BUSINESS_SECONDS * 1000);

    await take(inspector, 'tail');
    await inspector.page.emulateMedia({ colorScheme: 'dark' });
    await take(inspector, 'tail-dark');
    await inspector.page.emulateMedia({ colorScheme: 'light' });
    await inspector.page.setViewportSize(PHONE);
    await sleep(500);
    await take(inspector, 'phone');
    await inspector.page.setViewportSize(DESKTOP);
    await inspector.goTo('Charts');
    await inspector.page.getByRole('slider').first().waitFor();
    await take(inspector, 'charts');
    await inspector.goTo('Channels');
    await inspector.expectRow('Channels', /^orders/);
    await take(inspector, 'channels');
    await inspector.goTo('Publish');
    await inspector.field('Event name').fill('order.shipped');
    await inspector.field('Channels').fill('orders private-orders.8');
    const order = { id: 7042, carrier: 'bicycle', parcels: 2, isGift: true };
    await inspector.field('Data (JSON)').fill(JSON.stringify(order, null, 2));
    await inspector.field('Event name').focus();
    await take(inspector, 'publish');
    await shop.close();

    await inspector.goTo('Tail');
    await inspector.button('Clear').click();
    for (const text of MESSAGES) {
      await shop.sayInRoom(text);
      await sleep(700);
    }
    await inspector.rows('Records', 'message.sent').first().click();
    await inspector.expectText(/sockets on 2 nodes/);
    await take(inspector, 'trace');
  },
  BUSINESS_SECONDS * 1000 + 120_000,
);
