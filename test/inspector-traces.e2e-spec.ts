import type { RecordsFrame, TracePart } from '../src/inspector/contract.js';
import { api } from './harness/api.js';
import { closeAll, eventually } from './harness/eventually.js';
import { INSPECTOR_VARIABLES, InspectorPage, type WatchedFeed } from './harness/inspector-page.js';
import { NodeCluster } from './harness/node-cluster.js';
import { publish } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';

const PATIENCE = { withinMs: 10_000 };
/** Half of what a watch gets of a node that is alone. */
const SHARE = { recordsOfKind: 20, parts: 200, partsFromElsewhere: 100 };

let here: ServerHere;
let there: ServerHere;
let page: InspectorPage;
let hereId: string;
let thereId: string;

beforeAll(async () => {
  const cluster = await NodeCluster.startWith(
    2,
    await RedisServer.start(),
    {
      ...INSPECTOR_VARIABLES,
      REVERB_APP_PUBLISHES_PER_SECOND: '10000',
      REVERB_APP_MAX_BATCH_SIZE: '50',
    },
    ServerHere.start,
  );
  [here, there] = cluster.nodes as [ServerHere, ServerHere];
  page = await InspectorPage.signIn(here);
  hereId = page.session!.nodeId;
  thereId = (await page.on(there).get('session')).nodeId;
  await eventually(async () => {
    for (const node of [here, there]) {
      const { nodes } = await page.on(node).get('nodes');
      if (nodes.length !== 2) throw new Error(`There are ${nodes.length} nodes.`);
    }
  }, PATIENCE);
});

afterAll(closeAll);

const framesOf = (feed: WatchedFeed, node: string): RecordsFrame[] =>
  feed.frames.filter(({ nodeId }) => nodeId === node);

const partsOf = (feed: WatchedFeed, node: string): TracePart[] =>
  framesOf(feed, node).flatMap(({ parts }) => parts);

const skippedPartsOf = (feed: WatchedFeed, node: string): number =>
  framesOf(feed, node).reduce((sum, { skippedParts }) => sum + (skippedParts ?? 0), 0);

describe('Where an event comes from', () => {
  it('is known, although Redis is asked first whether it may be published', async () => {
    const feed = await page.watch({ kinds: ['published'] });
    const event = (name: string) => ({ name, channels: ['c'], data: 'x' });
    await Promise.all([
      page.post('apps/app-id/events', { events: [event('page-1'), event('page-2')] }),
      publish(here, 'c', 'backend'),
      page.on(there).post('apps/app-id/events', { events: [event('page-there')] }),
      publish(there, 'c', 'backend-there'),
    ]);
    for (const [name, via] of [
      ['page-1', 'inspector'],
      ['page-2', 'inspector'],
      ['page-there', 'inspector'],
      ['backend', 'http'],
      ['backend-there', 'http'],
    ]) {
      expect((await feed.expectRecord({ event: name })).via).toBe(via);
    }
    await feed.end();
  });
});

describe('A watch', () => {
  it('gets of its node the steps of what it has a record of, and all of them of all nodes', async () => {
    const [all, feed] = [await page.watch(), await page.watch({ event: 'wanted' })];
    for (const node of [here, there]) await (await PusherClient.connect(node)).subscribe('both');
    for (const name of ['other', 'wanted', 'other', 'wanted-too'])
      await publish(here, 'both', name);
    await publish(there, 'both', 'wanted');
    await eventually(() => {
      expect(all.of('published')).toHaveLength(5);
      const fannedOut = (found: WatchedFeed) => found.parts.filter((part) => isFannedOut(part));
      expect(fannedOut(all)).toHaveLength(10);
      const ids = new Set(feed.of('published').map(({ traceId }) => traceId));
      expect(ids.size).toBe(2);
      expect(fannedOut(feed).filter(({ traceId }) => ids.has(traceId))).toHaveLength(4);
    }, PATIENCE);
    const [first] = framesOf(feed, hereId).flatMap(({ records }) => records);
    const [second] = framesOf(feed, thereId).flatMap(({ records }) => records);
    const own = partsOf(feed, hereId).filter(({ traceId }) => traceId !== second!.traceId);
    expect(own.map(({ step }) => step).sort()).toEqual(['fanned-out', 'sent', 'taken']);
    expect(new Set(own.map(({ traceId }) => traceId))).toEqual(new Set([first!.traceId]));
    expect(skippedPartsOf(all, hereId)).toBe(0);
    await Promise.all([all.end(), feed.end()]);
  });

  it('is told how many steps were too many', async () => {
    const feed = await page.watch({ event: 'wide' });
    const channels = Array.from({ length: 100 }, (_, i) => `wide-${i}`);
    const client = await PusherClient.connect(there);
    for (const channel of channels) await client.subscribe(channel);
    const count = 8;
    const events = Array.from({ length: count }, () => ({ name: 'wide', channels, data: 'x' }));
    await page.post('apps/app-id/events', { events });
    // All are taken and sent here, and fanned out there.
    const [taken, fannedOut] = [1 + count * channels.length, count * channels.length];
    await eventually(() => {
      expect(partsOf(feed, hereId).length + skippedPartsOf(feed, hereId)).toBe(taken);
      expect(partsOf(feed, thereId).length + skippedPartsOf(feed, thereId)).toBe(fannedOut);
    }, PATIENCE);
    expect(skippedPartsOf(feed, hereId)).toBeGreaterThan(0);
    expect(skippedPartsOf(feed, thereId)).toBeGreaterThan(0);
    for (const { parts } of framesOf(feed, hereId)) {
      expect(parts.length).toBeLessThanOrEqual(SHARE.parts);
    }
    for (const { parts } of framesOf(feed, thereId)) {
      expect(parts.length).toBeLessThanOrEqual(SHARE.partsFromElsewhere);
    }
    await feed.end();
  });

  it('gets of each node its share', async () => {
    const feed = await page.watch({ kinds: ['published'] });
    const count = 50;
    const batch = Array.from({ length: count }, () => ({ name: 'e', channel: 'flood', data: '' }));
    const body = { batch };
    for (const node of [here, there]) await api(node, 'POST', 'batch_events', { body }).expect(200);
    await eventually(() => {
      expect(feed.of('published').length + feed.skipped('published')).toBe(2 * count);
    }, PATIENCE);
    for (const node of [hereId, thereId]) {
      const lengths = framesOf(feed, node).map(({ records }) => records.length);
      expect(lengths.filter((length) => length > 0)).toEqual([SHARE.recordsOfKind]);
    }
    await feed.end();
  });
});

const isFannedOut = ({ step }: TracePart): boolean => step === 'fanned-out';
