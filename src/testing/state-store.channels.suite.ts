import type { StateStore } from '../scaling/state-store.js';
import { member, type StoreSubject } from './state-store.subject.js';
import { expectSoon, type TestGlobals } from './test-globals.js';

/** Describes what every StateStore knows of occupied channels. */
export function describeChannels(subject: StoreSubject, globals: TestGlobals): void {
  globals.describe('knows the occupied channels:', () => {
    describeSubscriptions(subject, globals);
    describeListing(subject, globals);
  });
}

const state = (channel: string, subscriptions: number, users = 0) => ({
  channel,
  subscriptions,
  users,
});

function describeSubscriptions(subject: StoreSubject, { it, expect }: TestGlobals): void {
  const say = async (node: StateStore, channel: string, count: number) =>
    node.setSubscriptions(subject.app, channel, count);
  /** All nodes come to know a channel so, and as the only one. */
  const expectEverywhere = async (channel: string, subscriptions: number, users = 0) => {
    const expected = state(channel, subscriptions, users);
    for (const node of subject.nodes) {
      await expectSoon(() => node.channel(subject.app, channel), expected);
      await expectSoon(() => node.channels(subject.app, ''), subscriptions > 0 ? [expected] : []);
    }
  };

  it('how many subscriptions a channel has, over all nodes', async () => {
    const { nodes } = subject;
    for (const node of nodes) await say(node, 'a', 3);
    await expectEverywhere('a', 3 * nodes.length);
    await say(nodes[0]!, 'a', 0);
    await expectEverywhere('a', 3 * (nodes.length - 1));
  });

  it('the node that said how many knows it at once, the others a moment later', async () => {
    for (const node of subject.nodes) {
      for (const count of [1, 7, 3, 0]) {
        const said = say(node, 'a', count);
        expect(await node.channel(subject.app, 'a')).toEqual(state('a', count));
        const own = await node.channels(subject.app, '');
        expect(own).toEqual(count > 0 ? [state('a', count)] : []);
        await said;
        await expectEverywhere('a', count);
      }
    }
  });

  it('the last number a node gave is what counts for it', async () => {
    const [node] = subject.nodes;
    for (const count of [1, 2, 5, 4]) await say(node!, 'a', count);
    await expectEverywhere('a', 4);
  });

  it('also when the numbers came in one go', async () => {
    const [node] = subject.nodes;
    await Promise.all([1, 2, 0, 3].map((count) => say(node!, 'a', count)));
    await expectEverywhere('a', 3);
  });

  it('one that nobody is subscribed to is all zero, and not among them', async () => {
    await expectEverywhere('a', 0);
    for (const count of [2, 0, 0]) await say(subject.any(), 'a', count);
    for (const node of subject.nodes) await say(node, 'a', 0);
    await expectEverywhere('a', 0);
  });

  it('how many users a presence channel has, each once', async () => {
    await say(subject.any(), 'presence-a', 3);
    await subject.join('1.1', member('1'));
    await subject.join('1.2', member('1'));
    await subject.join('1.3', member('2'));
    await expectEverywhere('presence-a', 3, 2);
    await subject.leave('1.3', '2');
    await expectEverywhere('presence-a', 3, 1);
  });
}

function describeListing(subject: StoreSubject, { it, expect }: TestGlobals): void {
  const [CHANNELS, MANY] = [['a', 'ab', 'b', 'presence-a', 'private-a', 'A'], 600];
  const occupy = async (channel: string, appId = subject.app) =>
    subject.any().setSubscriptions(appId, channel, 1);
  const namesOf = async (prefix: string, appId = subject.app) => {
    const states = await subject.any().channels(appId, prefix);
    return states.map(({ channel }) => channel).sort();
  };
  const expectEverywhere = async (channels: readonly string[]) => {
    for (const _ of subject.nodes) await expectSoon(() => namesOf(''), [...channels].sort());
  };

  it('by the beginning of their names, to the letter', async () => {
    for (const channel of CHANNELS) await occupy(channel);
    await expectEverywhere(CHANNELS);
    expect(await namesOf('a')).toEqual(['a', 'ab']);
    expect(await namesOf('p')).toEqual(['presence-a', 'private-a']);
    expect(await namesOf('private-a')).toEqual(['private-a']);
    for (const prefix of ['*', '?', '[a]', 'a*', '\\', 'c']) {
      expect(await namesOf(prefix)).toEqual([]);
    }
  });

  it('also very many, each once, on however many nodes it is', async () => {
    const channels = Array.from({ length: MANY }, (_, i) => `channel-${i}`);
    for (const node of subject.nodes) {
      await Promise.all(channels.map(async (name) => node.setSubscriptions(subject.app, name, 2)));
    }
    const subscriptions = 2 * subject.nodes.length;
    const expected = channels.map((channel) => state(channel, subscriptions));
    for (const node of subject.nodes) {
      await expectSoon(async () => {
        const states = await node.channels(subject.app, 'channel-');
        return [...states].sort((one, other) => numberOf(one.channel) - numberOf(other.channel));
      }, expected);
    }
  });

  it('those of an application are nobody else’s', async () => {
    await occupy('a');
    expect(await namesOf('', subject.otherApp)).toEqual([]);
    for (const node of subject.nodes) await node.setSubscriptions(subject.otherApp, 'a', 0);
    await expectEverywhere(['a']);
  });
}

const numberOf = (channel: string) => Number(channel.slice('channel-'.length));
