import { randomUUID } from 'node:crypto';
import type { Awaitable } from '../scaling/awaitable.js';
import type { ClusterMessage, FrameMessage } from '../scaling/cluster-message.js';
import type { PubSubProvider } from '../scaling/pub-sub-provider.js';
import { quiet, testGlobals, until } from './test-globals.js';

/** The nodes of one cluster, each ready for use: what Nest's lifecycle hooks do was done. */
export interface PubSubCluster {
  /** One node or more; everything is asked of all of them. */
  readonly nodes: readonly PubSubProvider[];
  /** Called after each test. */
  close?(): Awaitable<void>;
}

/** A node, and what arrived there. */
interface Node {
  readonly pubSub: PubSubProvider;
  readonly arrived: ClusterMessage[];
}

const MANY = 300;

/**
 * Describes what every {@link PubSubProvider} promises, to be called at the top of a test file. Uses
 * the global `describe`, `it` and `expect` of the test runner.
 * @param create makes a cluster for one test; several may use the same server
 */
export function describePubSubProvider(name: string, create: () => Awaitable<PubSubCluster>): void {
  const { describe, it, beforeEach, afterEach, expect } = testGlobals();

  describe(`${name}, a PubSubProvider,`, () => {
    let cluster: PubSubCluster;
    let nodes: Node[];
    /** Topics of this test alone. */
    let topic: string;
    let otherTopic: string;

    beforeEach(async () => {
      cluster = await create();
      nodes = cluster.nodes.map((pubSub) => {
        const arrived: ClusterMessage[] = [];
        pubSub.listen((message) => arrived.push(message));
        return { pubSub, arrived };
      });
      topic = `channel app ${randomUUID()}`;
      otherTopic = `channel app ${randomUUID()}`;
    });

    afterEach(async () => {
      await cluster.close?.();
    });

    const first = () => nodes[0]!;
    const last = () => nodes.at(-1)!;
    const subscribeAll = async () => {
      for (const { pubSub } of nodes) await pubSub.subscribe(topic);
    };
    const arrivesEverywhere = (count: number) =>
      until(
        () => nodes.every(({ arrived }) => arrived.length >= count),
        `${count} messages on every node`,
      );

    it('delivers a message to every node that subscribed, the publishing one among them', async () => {
      await subscribeAll();
      await first().pubSub.publish(topic, frame('a'));
      await arrivesEverywhere(1);
      for (const { arrived } of nodes) expect(textsOf(arrived)).toEqual(['a']);
    });

    it('delivers as soon as subscribing resolved, whoever publishes', async () => {
      for (const { pubSub, arrived } of nodes) {
        await pubSub.subscribe(topic);
        for (const publisher of nodes) await publisher.pubSub.publish(topic, frame('a'));
        await until(() => arrived.length === nodes.length, 'a message from every node');
        pubSub.unsubscribe(topic);
        await quiet();
      }
    });

    it('delivers at most once, also to who subscribed twice', async () => {
      await subscribeAll();
      await subscribeAll();
      await Promise.all(nodes.map(({ pubSub }) => pubSub.subscribe(topic)));
      await last().pubSub.publish(topic, frame('a'));
      await arrivesEverywhere(1);
      await quiet();
      for (const { arrived } of nodes) expect(arrived.length).toBe(1);
    });

    it('keeps the order of the calls, which need not wait for each other', async () => {
      await subscribeAll();
      const expected = Array.from({ length: MANY }, (_, i) => String(i));
      await Promise.all(expected.map(async (text) => first().pubSub.publish(topic, frame(text))));
      await arrivesEverywhere(MANY);
      for (const { arrived } of nodes) expect(textsOf(arrived)).toEqual(expected);
    });

    it('has one order on all nodes, whichever of them publish at the same time', async () => {
      await subscribeAll();
      const published = nodes.flatMap(({ pubSub }, node) =>
        Array.from({ length: MANY }, async (_, i) => pubSub.publish(topic, frame(`${node} ${i}`))),
      );
      await Promise.all(published);
      await arrivesEverywhere(MANY * nodes.length);
      const order = textsOf(first().arrived);
      for (const { arrived } of nodes) expect(textsOf(arrived)).toEqual(order);
      nodes.forEach((_, node) => {
        const own = order.filter((text) => text.startsWith(`${node} `));
        expect(own).toEqual(Array.from({ length: MANY }, (__, i) => `${node} ${i}`));
      });
    });

    it('delivers what a listener publishes, behind what is there', async () => {
      const { pubSub, arrived } = first();
      await pubSub.subscribe(topic);
      let answer: Awaitable<void> | undefined;
      pubSub.listen((message) => {
        arrived.push(message);
        if (arrived.length === 1) answer = pubSub.publish(topic, frame('answer'));
      });
      await pubSub.publish(topic, frame('question'));
      await until(() => arrived.length >= 2, 'the answer');
      await answer;
      expect(textsOf(arrived)).toEqual(['question', 'answer']);
    });

    it('bothers nobody who did not subscribe', async () => {
      await first().pubSub.subscribe(topic);
      await first().pubSub.publish(otherTopic, frame('of another topic'));
      await first().pubSub.publish(topic, frame('a'));
      await until(() => first().arrived.length > 0, 'the message');
      await quiet();
      expect(textsOf(first().arrived)).toEqual(['a']);
      for (const { arrived } of nodes.slice(1)) expect(arrived).toEqual([]);
    });

    it('tells topics apart whose names begin alike or hold what could be a pattern', async () => {
      await first().pubSub.subscribe(`${topic}*`);
      await first().pubSub.subscribe(`${topic}?`);
      await first().pubSub.publish(topic, frame('shorter'));
      await first().pubSub.publish(`${topic}x`, frame('alike'));
      await first().pubSub.publish(`${topic}*`, frame('the same'));
      await until(() => first().arrived.length > 0, 'the message');
      await quiet();
      expect(textsOf(first().arrived)).toEqual(['the same']);
    });

    it('delivers nothing any more once unsubscribed, however often it was subscribed', async () => {
      await subscribeAll();
      await subscribeAll();
      first().pubSub.unsubscribe(topic);
      await quiet();
      await last().pubSub.publish(topic, frame('a'));
      await quiet();
      expect(first().arrived).toEqual([]);
      for (const { arrived } of nodes.slice(1)) expect(textsOf(arrived)).toEqual(['a']);
    });

    it('delivers again, once, after unsubscribing and subscribing in one go', async () => {
      await subscribeAll();
      for (const { pubSub } of nodes) {
        pubSub.unsubscribe(topic);
        pubSub.unsubscribe(topic);
        await pubSub.subscribe(topic);
      }
      await first().pubSub.publish(topic, frame('a'));
      await arrivesEverywhere(1);
      await quiet();
      for (const { arrived } of nodes) expect(textsOf(arrived)).toEqual(['a']);
    });

    it('takes an unsubscribe from what was never subscribed', async () => {
      first().pubSub.unsubscribe(otherTopic);
      await subscribeAll();
      await first().pubSub.publish(topic, frame('a'));
      await arrivesEverywhere(1);
    });

    it('carries every kind of message whole', async () => {
      await subscribeAll();
      for (const message of OF_EVERY_KIND) await last().pubSub.publish(topic, message);
      await arrivesEverywhere(OF_EVERY_KIND.length);
      for (const { arrived } of nodes) {
        expect(arrived.map(plain)).toEqual(OF_EVERY_KIND.map(plain));
        expect(exceptionsOf(arrived)).toEqual(['123.456', undefined]);
      }
    });

    it('carries frames byte for byte, of any size', async () => {
      await subscribeAll();
      const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const large = Buffer.alloc(1_000_000, everyByte);
      for (const bytes of [Buffer.alloc(0), everyByte, large]) {
        await first().pubSub.publish(topic, { ...frame(''), frame: bytes });
      }
      await arrivesEverywhere(3);
      for (const { arrived } of nodes) {
        const frames = arrived.map((message) => (message as FrameMessage).frame);
        expect(frames.every((bytes) => Buffer.isBuffer(bytes))).toBe(true);
        expect(frames.map((bytes) => bytes.length)).toEqual([0, 256, 1_000_000]);
        expect(frames[1]?.equals(everyByte)).toBe(true);
        expect(frames[2]?.equals(large)).toBe(true);
      }
    });

    it('takes what it said that it has room for', async () => {
      await subscribeAll();
      const { pubSub, arrived } = first();
      expect(pubSub.hasRoomFor(MANY, MANY * 100)).toBe(true);
      const hundredBytes = frame('x'.repeat(100));
      await Promise.all(
        Array.from({ length: MANY }, async () => pubSub.publish(topic, hundredBytes)),
      );
      await until(() => arrived.length === MANY, 'all of it arrives');
      expect(pubSub.hasRoomFor(MANY, MANY * 100)).toBe(true);
    });

    it('says how it is, and that it reaches the others when there are any', () => {
      for (const { pubSub } of nodes) {
        expect(['alone', 'up', 'down']).toContain(pubSub.status);
        if (nodes.length > 1) expect(pubSub.status).toBe('up');
      }
    });
  });
}

const frame = (text: string): FrameMessage => ({
  type: 'frame',
  appId: 'app',
  channel: 'channel',
  frame: Buffer.from(text),
  exceptSocketId: undefined,
});

/** So that a new kind is not forgotten here. */
const EVERY_KIND: { readonly [T in ClusterMessage['type']]: ClusterMessage & { type: T } } = {
  frame: { ...frame('a'), exceptSocketId: '123.456' },
  members: {
    type: 'members',
    appId: 'app',
    channel: 'presence-é',
    version: 1_790_000_000_000_001,
    left: ['2', 'ann "b"'],
    joined: [
      { userId: '1', id: 1, userInfo: '{"name":"Bo \\ud83d\\ude00"}' },
      { userId: '01', id: '01', userInfo: undefined },
    ],
  },
  terminate: { type: 'terminate', appId: 'app', userId: 'user "1" é\ud83d\ude00' },
  'user-status': { type: 'user-status', appId: 'app', userId: '1', isOnline: true },
  ask: {
    type: 'ask',
    questionId: 'q',
    askedBy: '0123456789abcdef',
    subject: 'figures',
    content: null,
  },
  answer: {
    type: 'answer',
    questionId: 'q',
    nodeId: '0123456789abcdef',
    content: {
      text: 'é "b" \ud83d\ude00',
      amounts: [1.5, -5_000_000_000, 0],
      no: false,
      none: [{}],
    },
  },
  restart: { type: 'restart' },
};

const OF_EVERY_KIND: readonly ClusterMessage[] = [
  ...Object.values(EVERY_KIND),
  { type: 'user-status', appId: 'app', userId: '1', isOnline: false },
  frame('b'),
];

const textsOf = (messages: readonly ClusterMessage[]): string[] =>
  messages.map((message) => (message.type === 'frame' ? message.frame.toString() : message.type));

const exceptionsOf = (messages: readonly ClusterMessage[]) =>
  messages.flatMap((message) => (message.type === 'frame' ? [message.exceptSocketId] : []));

/** A message for comparison: bytes as text. */
const plain = (message: ClusterMessage) =>
  message.type === 'frame'
    ? { ...message, frame: message.frame.toString('base64') }
    : { ...message };
