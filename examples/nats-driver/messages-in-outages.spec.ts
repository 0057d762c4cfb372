import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { OverloadError, type ClusterMessage, type PartialScalingOptions } from 'revurb';
import { describeWithNats, NatsServer } from './testing/nats-server.js';
import { startNodes, type TestNode } from './testing/test-node.js';
import { until } from './testing/until.js';

const TOPIC = 'channel app room';

const frame = (text: string): ClusterMessage => ({
  type: 'frame',
  appId: 'app',
  channel: 'room',
  frame: Buffer.from(text),
  exceptSocketId: undefined,
});

/** What arrived at a node, as texts. */
function arrivalsOf({ pubSub }: TestNode): string[] {
  const texts: string[] = [];
  pubSub.listen((message) => {
    if (message.type === 'frame') texts.push(message.frame.toString());
  });
  return texts;
}

describeWithNats('The messages of the NATS driver', () => {
  let server: NatsServer;
  let nodes: TestNode[];
  let arrived: string[][];

  /** Two nodes that listen to the topic. */
  async function startTwo(options: PartialScalingOptions = {}): Promise<TestNode> {
    server = await NatsServer.start();
    nodes = await startNodes(2, server.address, options);
    arrived = nodes.map(arrivalsOf);
    for (const { pubSub } of nodes) await pubSub.subscribe(TOPIC);
    return nodes[0]!;
  }

  afterEach(async () => {
    server.resume();
    await Promise.all(nodes.map((node) => node.close()));
    await server.close();
  });

  const publish = (text: string) => nodes[0]!.pubSub.publish(TOPIC, frame(text));
  const areDown = () => until(() => nodes.every(isDown), 'NATS is away');
  const areUp = () => until(() => !nodes.some(isDown), 'NATS is back');
  const isDown = ({ pubSub }: TestNode) => pubSub.status === 'down';

  it('reach this node’s own subscribers at once, and the others later, once and in order', async () => {
    await startTwo();
    await publish('before');
    await until(() => arrived[1]!.length === 1, 'the first message');
    await server.kill();
    await areDown();
    const texts = Array.from({ length: 500 }, (_, i) => `${i}`);
    for (const text of texts) void publish(text);
    expect(arrived[0]).toEqual(['before', ...texts]);
    expect(arrived[1]).toEqual(['before']);
    await server.restart();
    await areUp();
    await publish('after');
    const expected = ['before', ...texts, 'after'];
    await until(() => arrived.every((each) => each.at(-1) === 'after'), 'the last message');
    expect(arrived).toEqual([expected, expected]);
  });

  it('are in order and not doubled when NATS stops in the midst of them', async () => {
    await startTwo();
    const texts = Array.from({ length: 3000 }, (_, i) => `${i}`);
    let publishedBefore = 0;
    const publishing = (async () => {
      for (const text of texts) {
        if (!nodes.some(isDown)) publishedBefore = Number(text);
        await publish(text);
      }
    })();
    await until(() => arrived[1]!.length > 100, 'some messages');
    await server.kill();
    await areDown();
    await publishing;
    await server.restart();
    await areUp();
    await until(() => arrived[1]!.at(-1) === texts.at(-1), 'the last message');
    const [own, others] = arrived as [string[], string[]];
    expect(own).toEqual(texts);
    // What NATS had taken, and did not deliver before it died, is lost for the other node.
    expect(others).toEqual([...new Set(others)].sort((a, b) => Number(a) - Number(b)));
    expect(others).toEqual(expect.arrayContaining(texts.slice(publishedBefore + 1)));
  });

  it('reach this node’s own subscribers when NATS does not answer any more', async () => {
    await startTwo();
    server.pause();
    await publish('a');
    expect(arrived[0]).toEqual(['a']);
    await areDown();
    await publish('b');
    expect(arrived[0]).toEqual(['a', 'b']);
    server.resume();
    await until(() => arrived[1]!.length >= 2, 'the messages');
    expect(arrived).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('are refused, and go nowhere, when there is no room for them', async () => {
    const { pubSub } = await startTwo({ bufferMessages: 3, bufferSize: 10 });
    await server.kill();
    await areDown();
    await publish('aaaa');
    await publish('bbbb');
    expect(pubSub.hasRoomFor(1, 2)).toBe(true);
    expect(pubSub.hasRoomFor(1, 3)).toBe(false);
    expect(pubSub.hasRoomFor(2, 2)).toBe(false);
    await expect(publish('ccc')).rejects.toThrow(OverloadError);
    await publish('cc');
    await expect(publish('')).rejects.toThrow(OverloadError);
    expect(arrived).toEqual([['aaaa', 'bbbb', 'cc'], []]);
    await server.restart();
    await until(() => arrived[1]!.length === 3, 'the messages');
    await areUp();
    expect(pubSub.hasRoomFor(3, 10)).toBe(true);
  });

  it('arrive on a topic that was subscribed to meanwhile', async () => {
    const { pubSub } = await startTwo();
    await server.kill();
    await areDown();
    await pubSub.subscribe('another');
    await pubSub.publish('another', frame('own'));
    expect(arrived[0]).toEqual(['own']);
    await server.restart();
    await areUp();
    await nodes[1]!.pubSub.publish('another', frame('of the other'));
    await until(() => arrived[0]!.length === 2, 'the message of the other');
    expect(arrived).toEqual([['own', 'of the other'], []]);
  });

  it('go on when what NATS keeps of them was deleted', async () => {
    await startTwo();
    const connection = await connect({ servers: server.address });
    await (await jetstreamManager(connection)).streams.delete('reverb-topics');
    await connection.close();
    await publish('a');
    await until(() => arrived[1]!.length === 1, 'the message');
    expect(arrived).toEqual([['a'], ['a']]);
  });

  it('that are too large for NATS are refused', async () => {
    await startTwo();
    await expect(publish('x'.repeat(1_100_000))).rejects.toThrow(RangeError);
    await publish('a');
    await until(() => arrived[1]!.length === 1, 'the message');
    expect(arrived).toEqual([['a'], ['a']]);
  });
});
