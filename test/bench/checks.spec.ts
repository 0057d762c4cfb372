import { resolve } from 'node:path';

const { DeliveryLog } = await import(resolve('bench/load/delivery-log.js'));
const { Backlog } = await import(resolve('bench/load/backlog.js'));
const { dataOf } = await import(resolve('bench/load/messages.js'));

const SIZE = 120;
const EVENT = 'bench-event';
const FIRST = 100;

/** A frame as a server sends it. */
const frameOf = (
  number: number,
  { event = EVENT, channel = 'room', data = dataOf(number, SIZE) } = {},
) => Buffer.from(JSON.stringify({ event, channel, data }));

describe('What subscribers get', () => {
  const SUBSCRIBERS = 3;
  let log: InstanceType<typeof DeliveryLog>;

  /** Three messages to a channel of three, of which the last must not come back to the first one. */
  beforeEach(() => {
    const phase = { event: EVENT, first: FIRST, messages: 3, size: SIZE };
    log = new DeliveryLog({ ...phase, subscribers: SUBSCRIBERS, expected: 8 });
    for (const message of [0, 1]) log.sending(message, 'room', SUBSCRIBERS, -1);
    log.sending(2, 'room', SUBSCRIBERS - 1, 0);
  });

  const receive = (subscriber: number, frame: Buffer, channel = 'room') =>
    log.receive(subscriber, channel, frame, 0, frame.length);
  const counts = () => {
    log.close();
    const { delivered, lost, duplicated, bad } = log;
    return { delivered, lost, duplicated, bad };
  };
  const receiveAll = (orders: number[][]) => {
    for (const [subscriber, order] of orders.entries()) {
      for (const message of order) receive(subscriber, frameOf(FIRST + message));
    }
  };

  it('is flawless when everybody got everything once, in one order', () => {
    receiveAll([
      [0, 1],
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(counts()).toEqual({ delivered: 8, lost: 0, duplicated: 0, bad: 0 });
    expect(log.witnessed).toEqual([FIRST, FIRST + 1]);
  });

  it('tells when a message has reached everybody', () => {
    expect([0, 1, 2].map((subscriber) => receive(subscriber, frameOf(FIRST)))).toEqual([-1, -1, 0]);
  });

  it('lacks what did not come', () => {
    receiveAll([[0, 1], [0, 2], [1]]);
    expect(counts()).toEqual({ delivered: 5, lost: 3, duplicated: 0, bad: 0 });
  });

  it('is counted when it comes twice, or after its time', () => {
    receiveAll([[0, 0, 1, -1]]);
    expect(counts()).toMatchObject({ delivered: 2, duplicated: 2, bad: 0 });
  });

  it.each([
    ['to somebody who is not subscribed', 0, frameOf(FIRST), ''],
    ['to a subscriber of another channel', 0, frameOf(FIRST), 'lobby'],
    ['to who sent it', 0, frameOf(FIRST + 2), 'room'],
    ['that was never published', 0, frameOf(FIRST + 3), 'room'],
    ['with another name', 0, frameOf(FIRST, { event: 'other' }), 'room'],
    ['that names another channel', 0, frameOf(FIRST, { channel: 'moor' }), 'room'],
    ['with other data', 0, frameOf(FIRST, { data: `${dataOf(FIRST, SIZE)} ` }), 'room'],
    ['without a number', 0, frameOf(FIRST, { data: 'nothing' }), 'room'],
    ['that is no JSON', 0, Buffer.from(`{${frameOf(FIRST).toString()}`), 'room'],
  ])('is bad when it comes %s', (_, subscriber, frame, channel) => {
    receive(subscriber, frame, channel);
    expect(counts()).toMatchObject({ delivered: 0, bad: 1, duplicated: 0 });
  });

  it('is in disorder when one saw another order than the rest', () => {
    receiveAll([
      [0, 1],
      [1, 0],
      [0, 1],
    ]);
    expect(log.countDisordered()).toBe(1);
  });
});

describe('Somebody who stopped reading, and reads on,', () => {
  const ORDER = [7, 5, 6];

  /** What comes of it when these frames come, and then perhaps an end. */
  async function readOn(frames: Buffer[], code?: number) {
    const subscriber = {
      readOn() {
        for (const frame of frames) backlog.receive(subscriber, 'room', frame, 0, frame.length);
        if (code !== undefined) backlog.ended(subscriber, code);
      },
    };
    const phase = { event: EVENT, channel: 'room', messages: ORDER, size: SIZE };
    const backlog = new Backlog({ ...phase, stopped: [subscriber] });
    return backlog.run();
  }
  const inOrder = ORDER.map((number) => frameOf(number));

  it('finds everything, in the order of the others', async () => {
    const result = { delivered: 3, lost: 0, duplicated: 0, bad: 0, closes: {} };
    expect(await readOn(inOrder)).toEqual(result);
  });

  it('misses nothing that came before the server ended the connection', async () => {
    const result = { delivered: 2, lost: 0, duplicated: 0, bad: 0, closes: { 4100: 1 } };
    expect(await readOn(inOrder.slice(0, 2), 4100)).toEqual(result);
  });

  it('has lost what is missing between others', async () => {
    expect(await readOn([inOrder[0]!, inOrder[2]!])).toMatchObject({ delivered: 2, lost: 1 });
  });

  it('is told of what comes twice or wrong', async () => {
    const wrong = [frameOf(8), frameOf(5, { channel: 'lobby' })];
    const result = await readOn([inOrder[0]!, inOrder[0]!, ...wrong, ...inOrder.slice(1)]);
    expect(result).toMatchObject({ delivered: 3, lost: 0, duplicated: 1, bad: 2 });
  });
});
