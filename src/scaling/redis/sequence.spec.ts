import * as fc from 'fast-check';
import { SequenceCounter } from './sequence-counter.js';
import { SequenceTracker } from './sequence-tracker.js';

describe('the numbers of messages', () => {
  it('grow over all topics, and name the message before on the same one', () => {
    const counter = new SequenceCounter();
    expect(counter.last).toBe(0);
    expect(counter.next('a')).toEqual({ sequence: 1, previous: 0 });
    expect(counter.next('b')).toEqual({ sequence: 2, previous: 0 });
    expect(counter.next('a')).toEqual({ sequence: 3, previous: 1 });
    expect(counter.last).toBe(3);
  });

  it('name none after a topic was idle for two turns', () => {
    const counter = new SequenceCounter();
    counter.next('a');
    counter.next('b');
    counter.forgetIdle();
    expect(counter.next('a').previous).toBe(1);
    counter.forgetIdle();
    expect(counter.next('a').previous).toBe(3);
    expect(counter.next('b').previous).toBe(0);
  });

  it('remember the topics of late, however many there are', () => {
    const counter = new SequenceCounter(10);
    for (let topic = 0; topic < 1000; topic++) counter.next(`${topic}`);
    expect(counter.next('999').previous).toBe(1000);
    expect(counter.next('995').previous).toBe(996);
    expect(counter.next('500').previous).toBe(0);
  });
});

describe('what arrives', () => {
  it('is new once', () => {
    const tracker = new SequenceTracker();
    expect(tracker.arrive('a', 'topic', 1, 0)).toBe('new');
    expect(tracker.arrive('a', 'topic', 1, 0)).toBe('duplicate');
    expect(tracker.arrive('a', 'topic', 5, 1)).toBe('new');
    expect(tracker.arrive('a', 'topic', 1, 0)).toBe('duplicate');
    expect(tracker.arrive('a', 'topic', 5, 1)).toBe('duplicate');
  });

  it('has numbers of its own for each node and topic', () => {
    const tracker = new SequenceTracker();
    tracker.arrive('a', 'topic', 5, 0);
    expect(tracker.arrive('b', 'topic', 5, 0)).toBe('new');
    expect(tracker.arrive('a', 'other', 4, 0)).toBe('new');
  });

  it('comes after a gap when the one before it did not arrive, as far as that is known', () => {
    const tracker = new SequenceTracker();
    expect(tracker.arrive('a', 'topic', 9, 7)).toBe('new');
    expect(tracker.arrive('a', 'topic', 12, 11)).toBe('after-gap');
    expect(tracker.arrive('a', 'topic', 14, 12)).toBe('new');
    expect(tracker.arrive('a', 'topic', 20, 0)).toBe('new');
  });

  it('is forgotten with its topic', () => {
    const tracker = new SequenceTracker();
    tracker.arrive('a', 'topic', 5, 0);
    tracker.arrive('a', 'other', 6, 0);
    tracker.forgetTopic('topic');
    expect(tracker.arrive('a', 'topic', 9, 8)).toBe('new');
    expect(tracker.arrive('a', 'other', 6, 0)).toBe('duplicate');
  });

  it('is forgotten with its node, when that is silent for two turns and dead', () => {
    const tracker = new SequenceTracker();
    for (const node of ['alive', 'silent', 'heard']) tracker.arrive(node, 'topic', 5, 0);
    const isAlive = (node: string) => node === 'alive';
    tracker.forgetSilent(isAlive);
    tracker.arrive('heard', 'topic', 6, 5);
    tracker.forgetSilent(isAlive);
    expect(tracker.arrive('alive', 'topic', 5, 0)).toBe('duplicate');
    expect(tracker.arrive('heard', 'topic', 5, 0)).toBe('duplicate');
    expect(tracker.arrive('silent', 'topic', 5, 0)).toBe('new');
  });

  it('is remembered of so many nodes and no more', () => {
    const tracker = new SequenceTracker(3);
    for (const node of ['a', 'b', 'c', 'd']) tracker.arrive(node, 'topic', 5, 0);
    expect(tracker.arrive('d', 'topic', 5, 0)).toBe('duplicate');
    expect(tracker.arrive('a', 'topic', 5, 0)).toBe('new');
  });

  it('is delivered once and in order, however often parts of it are sent again', () => {
    const resends = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 30 })), { maxLength: 10 });
    fc.assert(
      fc.property(resends, (parts) => {
        const tracker = new SequenceTracker();
        const delivered: number[] = [];
        const send = (from: number, to: number) => {
          for (let sequence = from; sequence <= to; sequence++) {
            const arrival = tracker.arrive('a', 'topic', sequence, sequence - 1);
            if (arrival !== 'duplicate') delivered.push(sequence);
          }
        };
        for (const [from, to] of parts) send(from + 1, to + 1);
        expect(delivered).toEqual([...new Set(delivered)].sort((a, b) => a - b));
      }),
    );
  });
});
