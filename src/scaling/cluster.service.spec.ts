import type { ClusterMessage } from './cluster-message.js';
import { ClusterService } from './cluster.service.js';
import { LocalPubSubProvider } from './local-pub-sub.provider.js';
import { MemoryStateStore } from './memory-state-store.js';
import { OverloadError } from './overload-error.js';
import type { PubSubListener, PubSubProvider } from './pub-sub-provider.js';
import { DEFAULT_SCALING_OPTIONS } from './scaling.options.js';
import type { MembersChange, StateListener } from './state-store.js';

/** Keeps what it is asked for. */
class RecordingPubSub implements PubSubProvider {
  readonly calls: string[] = [];
  readonly messages: ClusterMessage[] = [];
  status: 'up' | 'down' = 'up';
  isFull = false;
  listener: PubSubListener | undefined;

  listen(listener: PubSubListener): void {
    this.calls.push('listen');
    this.listener = listener;
  }

  async subscribe(topic: string): Promise<void> {
    this.calls.push(`subscribe ${topic}`);
  }

  unsubscribe(topic: string): void {
    this.calls.push(`unsubscribe ${topic}`);
  }

  isWanted(): boolean {
    return true;
  }

  hasRoomFor(): boolean {
    return true;
  }

  async publish(topic: string, message: ClusterMessage): Promise<void> {
    if (this.isFull) throw new OverloadError('full');
    this.calls.push(`publish ${topic}`);
    this.messages.push(message);
  }
}

/** Lets a test play the store that found something out. */
class TellingStateStore extends MemoryStateStore {
  heard: StateListener | undefined;

  override listen(listener: StateListener): void {
    this.heard = listener;
  }
}

const clusterOver = (pubSub: PubSubProvider, store = new TellingStateStore()) =>
  new ClusterService(pubSub, store, DEFAULT_SCALING_OPTIONS);

async function setUp() {
  const cluster = clusterOver(new LocalPubSubProvider());
  await cluster.onModuleInit();
  const arrived: ClusterMessage[] = [];
  const keep = (message: ClusterMessage) => void arrived.push(message);
  cluster.listen({ onFrame: keep, onTerminate: keep });
  cluster.listen({ onUserStatus: keep, onMembers: keep });
  return { cluster, arrived };
}

const FRAME = Buffer.from('frame');

describe('What is sent to the cluster acts on this node too', () => {
  it('a frame, while the channel is joined', async () => {
    const { cluster, arrived } = await setUp();
    await cluster.broadcast('app', 'a', FRAME);
    await cluster.joinChannel('app', 'a');
    await cluster.broadcast('app', 'a', FRAME, '1.1');
    cluster.leaveChannel('app', 'a');
    await cluster.broadcast('app', 'a', FRAME);
    expect(arrived).toEqual([
      { type: 'frame', appId: 'app', channel: 'a', frame: FRAME, exceptSocketId: '1.1' },
    ]);
  });

  it('a termination, always', async () => {
    const { cluster, arrived } = await setUp();
    await cluster.terminate('app', '1');
    expect(arrived).toEqual([{ type: 'terminate', appId: 'app', userId: '1' }]);
  });

  it('the coming and going of a user, while it is watched', async () => {
    const { cluster, arrived } = await setUp();
    await cluster.announceUser('app', '1', true);
    await cluster.watchUser('app', '1');
    await cluster.announceUser('app', '1', true);
    await cluster.announceUser('app', '1', false);
    await cluster.announceUser('app', '2', true);
    cluster.unwatchUser('app', '1');
    await cluster.announceUser('app', '1', true);
    expect(arrived).toEqual([
      { type: 'user-status', appId: 'app', userId: '1', isOnline: true },
      { type: 'user-status', appId: 'app', userId: '1', isOnline: false },
    ]);
  });

  it('at once, with the local driver', async () => {
    const { cluster, arrived } = await setUp();
    expect(cluster.joinChannel('app', 'a')).toBeUndefined();
    expect(cluster.broadcast('app', 'a', FRAME)).toBeUndefined();
    expect(arrived).toHaveLength(1);
  });
});

describe('Listeners', () => {
  it('hear only what they listen to, and what nobody listens to is lost', async () => {
    const cluster = clusterOver(new LocalPubSubProvider());
    await cluster.onModuleInit();
    const heard: string[] = [];
    cluster.listen({ onFrame: () => heard.push('first') });
    cluster.listen({ onFrame: () => heard.push('second') });
    await cluster.joinChannel('app', 'a');
    await cluster.broadcast('app', 'a', FRAME);
    await cluster.terminate('app', '1');
    expect(heard).toEqual(['second']);
  });

  it('may be there before the cluster is', async () => {
    const pubSub = new RecordingPubSub();
    const cluster = clusterOver(pubSub);
    const heard: ClusterMessage[] = [];
    cluster.listen({ onTerminate: (message) => heard.push(message) });
    await cluster.onModuleInit();
    expect(pubSub.calls).toEqual([
      'listen',
      'subscribe control',
      `subscribe node ${cluster.nodeId}`,
    ]);
    pubSub.listener?.({ type: 'terminate', appId: 'app', userId: '1' });
    expect(heard).toHaveLength(1);
  });

  it('are not bothered by a message of a kind they do not know', async () => {
    const pubSub = new RecordingPubSub();
    const cluster = clusterOver(pubSub);
    await cluster.onModuleInit();
    const unknown = { type: 'from a newer node' } as unknown as ClusterMessage;
    expect(() => pubSub.listener?.(unknown)).not.toThrow();
  });
});

describe('Topics', () => {
  it('differ for whatever is different, users and channels of the same name among them', async () => {
    const pubSub = new RecordingPubSub();
    const cluster = clusterOver(pubSub);
    const names = ['a', 'b', 'control', 'app', 'app a'];
    for (const appId of ['app', 'app2', 'control']) {
      for (const name of names) {
        await cluster.joinChannel(appId, name);
        await cluster.watchUser(appId, name);
      }
    }
    expect(new Set(pubSub.calls).size).toBe(3 * names.length * 2);
    expect(pubSub.calls).not.toContain('subscribe control');
  });

  it('are left as they were joined, and published to', async () => {
    const pubSub = new RecordingPubSub();
    const cluster = clusterOver(pubSub);
    await cluster.joinChannel('app', 'a');
    await cluster.broadcast('app', 'a', FRAME);
    cluster.leaveChannel('app', 'a');
    await cluster.watchUser('app', '1');
    await cluster.announceUser('app', '1', true);
    cluster.unwatchUser('app', '1');
    expect(pubSub.calls).toEqual([
      'subscribe channel app a',
      'publish channel app a',
      'unsubscribe channel app a',
      'subscribe user app 1',
      'publish user app 1',
      'unsubscribe user app 1',
    ]);
  });
});

const CHANGE: MembersChange = {
  appId: 'app',
  channel: 'presence-a',
  version: 7,
  left: ['1'],
  joined: [{ userId: '2', id: 2, userInfo: undefined }],
};

describe('Who came to a presence channel and who left it', () => {
  it('is told to all nodes', () => {
    const pubSub = new RecordingPubSub();
    clusterOver(pubSub).tellMembers(CHANGE);
    expect(pubSub.calls).toEqual(['publish channel app presence-a']);
    expect(pubSub.messages).toEqual([{ type: 'members', ...CHANGE }]);
  });

  it('is told to this node alone when only this node knows it', () => {
    const pubSub = new RecordingPubSub();
    const cluster = clusterOver(pubSub);
    const heard: ClusterMessage[] = [];
    cluster.listen({ onMembers: (message) => heard.push(message) });
    cluster.tellMembers({ ...CHANGE, version: 0 });
    expect(pubSub.messages).toEqual([]);
    expect(heard).toEqual([{ type: 'members', ...CHANGE, version: 0 }]);
  });

  it('is told to this node at least when there is no room for it', async () => {
    const pubSub = new RecordingPubSub();
    pubSub.isFull = true;
    const cluster = clusterOver(pubSub);
    const heard: ClusterMessage[] = [];
    cluster.listen({ onMembers: (message) => heard.push(message) });
    cluster.tellMembers(CHANGE);
    await Promise.resolve();
    expect(heard).toEqual([{ type: 'members', ...CHANGE }]);
  });
});

describe('What the store finds out', () => {
  it('is told to all nodes, or to those who have asked what may have changed', async () => {
    const pubSub = new RecordingPubSub();
    const store = new TellingStateStore();
    const cluster = clusterOver(pubSub, store);
    await cluster.onModuleInit();
    let restored = 0;
    cluster.onRestored(() => restored++);
    cluster.onRestored(() => restored++);
    store.heard!.onMembersChanged(CHANGE);
    store.heard!.onUserStatus('app', '1', false);
    store.heard!.onRestored();
    expect(pubSub.messages.map(({ type }) => type)).toEqual(['members', 'user-status']);
    expect(restored).toBe(2);
  });
});

describe('That a user came online', () => {
  it('is told to this node alone while the others cannot be reached', async () => {
    const pubSub = new RecordingPubSub();
    pubSub.status = 'down';
    const cluster = clusterOver(pubSub);
    const heard: ClusterMessage[] = [];
    cluster.listen({ onUserStatus: (message) => heard.push(message) });
    await cluster.announceUser('app', '1', true);
    expect(pubSub.messages).toEqual([]);
    expect(heard).toHaveLength(1);
  });
});

describe('The status', () => {
  it('is down as soon as either driver is', () => {
    expect(clusterOver(new LocalPubSubProvider()).status).toBe('alone');
    const pubSub = new RecordingPubSub();
    pubSub.status = 'down';
    expect(clusterOver(pubSub).status).toBe('down');
    const store = new TellingStateStore();
    Object.defineProperty(store, 'status', { value: 'down' });
    expect(clusterOver(new LocalPubSubProvider(), store).status).toBe('down');
  });

  it('is given up when the others were out of reach for longer than the options say', () => {
    const store = new TellingStateStore();
    const cluster = clusterOver(new RecordingPubSub(), store);
    expect(cluster.isGivenUp).toBe(false);
    Object.defineProperty(store, 'unreachableMs', { value: 60_000 });
    expect(cluster.isGivenUp).toBe(true);
  });
});
