import { BusFormError } from './bus-frame-reader.js';
import { HubTopics, type HubTopic, type TopicSubscriber } from './hub-topics.js';

/** A worker, and what it got: the number of the topic and the message. */
class Subscriber implements TopicSubscriber {
  readonly topics = new Map<number, HubTopic>();
  readonly got: string[] = [];
  deliver = (topic: number, message: Buffer) => void this.got.push(`${topic} ${String(message)}`);
}

let topics: HubTopics;
let one: Subscriber;
let two: Subscriber;

const MESSAGE = Buffer.from('m');

beforeEach(() => {
  topics = new HubTopics();
  [one, two] = [new Subscriber(), new Subscriber()];
});

describe('A message', () => {
  it('goes to those who subscribed, under their own numbers, by whatever name it is sent', () => {
    topics.subscribe(one, 1, 'a');
    topics.subscribe(two, 7, 'a');
    topics.subscribe(two, 8, 'b');
    topics.publish('a', MESSAGE);
    topics.publishNumbered(two, 7, MESSAGE);
    topics.publish('c', MESSAGE);
    expect([one.got, two.got]).toEqual([
      ['1 m', '1 m'],
      ['7 m', '7 m'],
    ]);
    expect([topics.messages, topics.deliveries]).toEqual([3, 4]);
  });

  it('goes nowhere else once that was ended', () => {
    topics.subscribe(one, 1, 'a');
    topics.subscribe(two, 1, 'a');
    topics.unsubscribe(one, 1);
    topics.unsubscribe(one, 1);
    topics.unsubscribe(one, 5);
    topics.publish('a', MESSAGE);
    topics.forget(two);
    topics.publish('a', MESSAGE);
    expect([one.got, two.got]).toEqual([[], ['1 m']]);
    expect(topics.size).toBe(0);
  });

  it('is delivered under the number of the last subscribe', () => {
    topics.subscribe(one, 1, 'a');
    topics.unsubscribe(one, 1);
    topics.subscribe(one, 2, 'a');
    topics.publishNumbered(one, 2, MESSAGE);
    expect(one.got).toEqual(['2 m']);
  });

  it('cannot be sent by a number that nobody gave', () => {
    topics.subscribe(one, 1, 'a');
    expect(() => topics.publishNumbered(two, 1, MESSAGE)).toThrow(BusFormError);
    expect(one.got).toEqual([]);
  });
});
