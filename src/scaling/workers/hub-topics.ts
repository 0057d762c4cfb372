import { BusFormError } from './bus-frame-reader.js';

/** A worker, as far as messages go. */
export interface TopicSubscriber {
  /** Its topics, by the numbers it gave them. */
  readonly topics: Map<number, HubTopic>;
  deliver(topic: number, message: Buffer): void;
}

/** A topic, and which workers want it, by the number each of them gave it. */
export interface HubTopic {
  readonly name: string;
  readonly subscribers: Map<TopicSubscriber, number>;
}

/** Passes messages on to the workers that subscribed to their topics, in the order they come, unread. */
export class HubTopics {
  /** Messages that came. */
  messages = 0;
  /** Messages that went out: one for each worker that got one. */
  deliveries = 0;
  private readonly topics = new Map<string, HubTopic>();

  /** Topics with a subscriber. */
  get size(): number {
    return this.topics.size;
  }

  subscribe(subscriber: TopicSubscriber, number: number, name: string): void {
    const topic: HubTopic = this.topics.get(name) ?? { name, subscribers: new Map() };
    this.topics.set(name, topic);
    topic.subscribers.set(subscriber, number);
    subscriber.topics.set(number, topic);
  }

  unsubscribe(subscriber: TopicSubscriber, number: number): void {
    const topic = subscriber.topics.get(number);
    if (topic === undefined) return;
    subscriber.topics.delete(number);
    if (topic.subscribers.get(subscriber) === number) this.leave(subscriber, topic);
  }

  publish(name: string, message: Buffer): void {
    this.messages += 1;
    const topic = this.topics.get(name);
    if (topic !== undefined) this.deliver(topic, message);
  }

  /** @throws BusFormError when the publisher has no topic of that number */
  publishNumbered(publisher: TopicSubscriber, number: number, message: Buffer): void {
    const topic = publisher.topics.get(number);
    if (topic === undefined) throw new BusFormError(`There is no topic ${number}.`);
    this.messages += 1;
    this.deliver(topic, message);
  }

  /** A worker is gone. */
  forget(subscriber: TopicSubscriber): void {
    for (const topic of subscriber.topics.values()) this.leave(subscriber, topic);
    subscriber.topics.clear();
  }

  private deliver({ subscribers }: HubTopic, message: Buffer): void {
    this.deliveries += subscribers.size;
    for (const [subscriber, number] of subscribers) subscriber.deliver(number, message);
  }

  private leave(subscriber: TopicSubscriber, { name, subscribers }: HubTopic): void {
    subscribers.delete(subscriber);
    if (subscribers.size === 0) this.topics.delete(name);
  }
}
