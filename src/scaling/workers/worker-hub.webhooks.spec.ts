import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { BusHub, type BusNode } from '../../../test/harness/bus-nodes.js';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { delivered, type Judge } from '../../../test/harness/queue-node.js';
import { OverloadError } from '../overload-error.js';
import type { PlaceChange } from '../state-store.js';

const APP = 'app';
const QUIET_MS = 100;
const CLOSE_MS = 300;
/** Lanes enough for every worker to have some. */
const LANES = Array.from({ length: 12 }, (_, i) => `lane-${i}`);

/** Whatever is handed to it never comes to an end. */
const never: Judge = () => new Promise(() => undefined);
const refused: Judge = () => ({ taken: 0, isFailure: true, pauseMs: 60_000 });
const died: Judge = ({ events }) => ({
  taken: events.length,
  deathCause: 'It answered 500',
  isFailure: true,
  pauseMs: 1,
});

let hub: BusHub;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(async () => {
  hub = await BusHub.start();
});
afterEach(() => closeAll());

/** A worker, and the events it was handed, as `<lane> <text>`. */
class Postman {
  readonly seen: string[] = [];
  judge: Judge = delivered;

  private constructor(readonly node: BusNode) {
    node.queue.open({
      batchWindowMs: 0,
      deliver: async (batch) => {
        const { endpointId, events } = batch;
        this.seen.push(...events.map(({ event }) => `${endpointId} ${JSON.parse(event)}`));
        return this.judge(batch);
      },
    });
  }

  static async hire(count: number): Promise<Postman[]> {
    const postmen = (await hub.join(count)).map((node) => new Postman(node));
    // Then the hub has heard of all of them.
    for (const { node } of postmen) await node.queue.length();
    return postmen;
  }

  append(texts: readonly string[], lanes = LANES, change?: PlaceChange): void {
    const entries = texts.map((text) => ({
      endpointIds: lanes,
      event: JSON.stringify(text),
      atMs: Date.now(),
      change,
    }));
    this.node.queue.append(APP, entries);
  }
}

const seenBy = (postmen: readonly Postman[]) => postmen.flatMap(({ seen }) => seen).sort();
const everywhere = (...texts: readonly string[]) =>
  texts.flatMap((text) => LANES.map((lane) => `${lane} ${text}`)).sort();
const changeOf = (version: number, isOccupied: boolean): PlaceChange => ({
  appId: APP,
  place: 'channel a',
  isOccupied,
  version,
});

describe('The webhooks of several workers', () => {
  it('are delivered by all of them, those of one lane by the same', async () => {
    const postmen = await Postman.hire(3);
    for (const text of ['a', 'b', 'c']) {
      for (const lane of LANES) postmen[0]!.append([text], [lane]);
      await sleep(10);
    }
    await eventually(() => expect(seenBy(postmen)).toEqual(everywhere('a', 'b', 'c')));
    for (const { seen } of postmen) {
      const lanes = new Set(seen.map((each) => each.split(' ')[0]));
      expect(seen.length).toBe(3 * lanes.size);
    }
    expect(postmen.filter(({ seen }) => seen.length > 0).length).toBeGreaterThan(1);
  });

  it('tell of a place by turns, in whatever order the workers come to say so', async () => {
    const [one, two] = (await Postman.hire(2)) as [Postman, Postman];
    const tell = async (postman: Postman, text: string, change: PlaceChange) => {
      postman.append([text], ['lane'], change);
      await postman.node.queue.length();
    };
    await tell(two, 'vacated 2', changeOf(2, false));
    await tell(one, 'occupied 1', changeOf(1, true));
    await tell(one, 'occupied 3', changeOf(3, true));
    await tell(two, 'occupied 3 again', changeOf(3, true));
    await tell(two, 'vacated 4', changeOf(4, false));
    await eventually(() => expect(seenBy([one, two])).toHaveLength(3));
    await sleep(QUIET_MS);
    const { seen } = [one, two].find((postman) => postman.seen.length > 0)!;
    expect(seen).toEqual(['lane vacated 2', 'lane occupied 3', 'lane vacated 4']);
  });
});

describe('A worker that dies with webhooks', () => {
  it('loses none: what it was at is delivered by another one, and then the rest, in order', async () => {
    const postmen = (await Postman.hire(2)) as [Postman, Postman];
    const [doomed, other] = postmen;
    for (const postman of postmen) postman.judge = never;
    doomed.append(['a']);
    await eventually(() => expect(seenBy(postmen)).toEqual(everywhere('a')));
    doomed.append(['b', 'c']);
    await doomed.node.queue.length();
    const own = [...doomed.seen];
    expect(own.length).toBeGreaterThan(0);
    other.seen.length = 0;
    other.judge = delivered;
    doomed.node.crash();
    const lanes = own.map((each) => each.split(' ')[0]!);
    const expected = lanes.map((lane) => [`${lane} a`, `${lane} b`, `${lane} c`]);
    await eventually(() => expect(other.seen).toHaveLength(3 * own.length));
    for (const [i, lane] of lanes.entries()) {
      expect(other.seen.filter((each) => each.startsWith(`${lane} `))).toEqual(expected[i]);
    }
  });

  it('and with all others leaves them to who comes next', async () => {
    const postmen = await Postman.hire(2);
    for (const postman of postmen) postman.judge = never;
    postmen[0]!.append(['a', 'b']);
    await eventually(() => expect(seenBy(postmen)).toEqual(everywhere('a', 'b')));
    for (const { node } of postmen) node.crash();
    const [next] = (await Postman.hire(1)) as [Postman];
    await eventually(() => expect(seenBy([next])).toEqual(everywhere('a', 'b')));
    await eventually(async () => expect(await next.node.queue.length()).toBe(0));
  });

  it('leaves its dead letters to the others', async () => {
    const postmen = (await Postman.hire(2)) as [Postman, Postman];
    const [doomed, other] = postmen;
    for (const postman of postmen) postman.judge = died;
    doomed.append(['a']);
    const letters = async () => other.node.queue.deadLetters(APP);
    await eventually(async () => expect(await letters()).toHaveLength(LANES.length));
    doomed.node.crash();
    await eventually(() => expect(other.node.store.nodes()).toHaveLength(1));
    other.seen.length = 0;
    other.judge = delivered;
    const ids = (await letters()).map(({ id }) => id);
    expect(await other.node.queue.resend(APP, ids)).toBe(LANES.length);
    await eventually(() => expect(seenBy([other])).toEqual(everywhere('a')));
    expect(await letters()).toEqual([]);
    await expect(async () => doomed.node.queue.deadLetters(APP)).rejects.toThrow(OverloadError);
    await expect(async () => doomed.node.queue.resend(APP, ids)).rejects.toThrow(OverloadError);
  });
});

describe('A worker that stops', () => {
  it('finishes what it is at, and leaves the rest to the others', async () => {
    const [leaving, other] = (await Postman.hire(2)) as [Postman, Postman];
    let finish: () => void = () => undefined;
    const going = new Promise<void>((resolve) => (finish = resolve));
    leaving.judge = async (batch) => going.then(() => delivered(batch));
    leaving.append(['a']);
    await eventually(() => expect(seenBy([leaving, other])).toEqual(everywhere('a')));
    const before = leaving.seen.length;
    leaving.append(['b']);
    let lost: number | undefined;
    const closing = leaving.node.queue.close(10_000).then((count) => (lost = count));
    await sleep(QUIET_MS);
    expect(lost).toBeUndefined();
    finish();
    await closing;
    expect(lost).toBe(0);
    await eventually(() => expect(seenBy([leaving, other])).toEqual(everywhere('a', 'b')));
    expect(leaving.seen.length).toBe(before);
  });

  it('with all others waits for what they have to say, and everything is delivered', async () => {
    const [one, two] = (await Postman.hire(2)) as [Postman, Postman];
    hub.hub.expectEnd();
    let isOver = false;
    const closing = one.node.queue.close(10_000).then((lost) => {
      isOver = true;
      return lost;
    });
    await sleep(QUIET_MS);
    expect(isOver).toBe(false);
    two.append(['last words']);
    expect(await Promise.all([closing, two.node.queue.close(10_000)])).toEqual([0, 0]);
    expect(seenBy([one, two])).toEqual(everywhere('last words'));
  });

  it('with all others says once how many are lost', async () => {
    const postmen = (await Postman.hire(2)) as [Postman, Postman];
    for (const postman of postmen) postman.judge = refused;
    postmen[0].append(['a', 'b']);
    await eventually(() => expect(seenBy(postmen)).toEqual(everywhere('a', 'b')));
    hub.hub.expectEnd();
    const closing = postmen.map(({ node }) => node.queue.close(CLOSE_MS));
    const lost = await Promise.all(closing);
    expect([...lost].sort((one, other) => one - other)).toEqual([0, 2 * LANES.length]);
  });

  it('is not kept by one that dies meanwhile, nor by the end of the hub', async () => {
    const [one, two, three] = (await Postman.hire(3)) as [Postman, Postman, Postman];
    hub.hub.expectEnd();
    const closing = [one, two].map(({ node }) => node.queue.close(10_000));
    three.node.crash();
    expect(await Promise.all(closing)).toEqual([0, 0]);
    await hub.hub.close();
    await eventually(() => expect(one.node.link.isOver).toBe(true));
    expect(await one.node.queue.close(10_000)).toBe(0);
  });
});
