import type { ClusterMessage } from '../cluster-message.js';
import { Outbox, type OutboxEntry } from './outbox.js';

const MESSAGE: ClusterMessage = { type: 'restart' };

const entryOf = (sequence: number, fields: Partial<OutboxEntry> = {}): OutboxEntry => ({
  topic: 'topic',
  sequence,
  previous: 0,
  bytes: Buffer.alloc(0),
  size: 10,
  undelivered: MESSAGE,
  acknowledgedMs: undefined,
  settle: undefined,
  ...fields,
});

describe('the outbox', () => {
  let outbox: Outbox;

  beforeEach(() => {
    outbox = new Outbox(3, 100);
  });

  const add = (sequence: number, fields?: Partial<OutboxEntry>): OutboxEntry => {
    const entry = entryOf(sequence, fields);
    outbox.add(entry);
    return entry;
  };

  it('has room for so many messages and so many bytes', () => {
    expect(outbox.hasRoomFor(3, 100)).toBe(true);
    expect(outbox.hasRoomFor(4, 0)).toBe(false);
    expect(outbox.hasRoomFor(1, 101)).toBe(false);
    add(1, { size: 60 });
    expect(outbox.hasRoomFor(2, 40)).toBe(true);
    expect(outbox.hasRoomFor(2, 41)).toBe(false);
    expect(outbox.hasRoomFor(3, 0)).toBe(false);
  });

  it.each([
    ['acknowledged first', [0, 1]],
    ['back first', [1, 0]],
  ])('keeps what this node waits for until Redis has it and it is back, %s', (_, order) => {
    const entry = add(1);
    const steps = [() => outbox.acknowledge(entry, 0), () => outbox.comeBack(1)];
    steps[order[0]!]!();
    expect([outbox.count, outbox.size]).toEqual([1, 10]);
    steps[order[1]!]!();
    expect([outbox.count, outbox.size]).toEqual([0, 0]);
  });

  it('keeps what this node does not wait for until Redis has it', () => {
    const entry = add(1, { undelivered: undefined });
    outbox.acknowledge(entry, 0);
    outbox.acknowledge(entry, 0);
    expect([outbox.count, outbox.size]).toEqual([0, 0]);
  });

  it('gives the message that came back, once', () => {
    add(1);
    expect(outbox.comeBack(1)).toEqual([MESSAGE]);
    expect(outbox.comeBack(1)).toEqual([]);
    expect(outbox.comeBack(2)).toEqual([]);
  });

  it('gives with it what was sent to the same topic before and did not come back', () => {
    const [one, two, three] = ['1', '2', '3'].map((userId): ClusterMessage => ({
      type: 'terminate',
      appId: 'app',
      userId,
    }));
    const first = add(1, { undelivered: one });
    add(2, { undelivered: two, topic: 'other' });
    add(3, { undelivered: three, previous: 1 });
    outbox.acknowledge(first, 0);
    expect(outbox.comeBack(3)).toEqual([one, three]);
    expect(outbox.comeBack(1)).toEqual([]);
    expect(outbox.count).toBe(2);
  });

  it('tells the publisher when Redis has it, and once only', () => {
    let settled = 0;
    const entry = add(1, { settle: () => (settled += 1) });
    outbox.acknowledge(entry, 0);
    outbox.recall();
    expect(settled).toBe(1);
  });

  it('recalls what did not come back, in order, and keeps all of it to be sent again', () => {
    let settled = 0;
    const settle = () => (settled += 1);
    outbox.acknowledge(add(1, { topic: 'a', settle }), 0);
    add(2, { topic: 'b', settle });
    add(3, { topic: 'c', settle });
    outbox.comeBack(2);
    expect(outbox.recall().map(({ topic }) => topic)).toEqual(['a', 'c']);
    expect(settled).toBe(3);
    expect(outbox.oldest(9, 900).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(outbox.recall()).toEqual([]);
  });

  it('lets go of what was recalled as soon as Redis has it', () => {
    const entry = add(1);
    outbox.recall();
    outbox.acknowledge(entry, 0);
    expect(outbox.count).toBe(0);
  });

  it('takes out what Redis has had for long and did not send back', () => {
    outbox.acknowledge(add(1), 1000);
    outbox.acknowledge(add(2), 2000);
    add(3);
    expect(outbox.takeOverdue(1500).map(({ sequence }) => sequence)).toEqual([1]);
    expect(outbox.takeOverdue(1500)).toEqual([]);
    expect(outbox.count).toBe(2);
  });

  it('gives the oldest, as many and as much as fit, but one in any case', () => {
    const numbers = (messages: number, size: number) =>
      outbox.oldest(messages, size).map(({ sequence }) => sequence);
    expect(numbers(5, 5)).toEqual([]);
    for (const sequence of [1, 2, 3]) add(sequence);
    expect(numbers(2, 100)).toEqual([1, 2]);
    expect(numbers(9, 20)).toEqual([1, 2]);
    expect(numbers(9, 5)).toEqual([1]);
  });

  it('says when it is empty', async () => {
    await outbox.emptied();
    const entry = add(1, { undelivered: undefined });
    let isEmpty = false;
    const emptied = outbox.emptied().then(() => (isEmpty = true));
    await Promise.resolve();
    expect(isEmpty).toBe(false);
    outbox.acknowledge(entry, 0);
    await emptied;
    expect(isEmpty).toBe(true);
  });
});
