import type { ClusterMessage } from './cluster-message.js';
import { ClusterService } from './cluster.service.js';
import { LocalPubSubProvider } from './local-pub-sub.provider.js';
import type { PubSubListener, PubSubProvider } from './pub-sub-provider.js';

/** Keeps what it is asked for. */
class RecordingPubSub implements PubSubProvider {
  readonly calls: string[] = [];
  readonly messages: ClusterMessage[] = [];
  status = 'down' as const;
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

  async publish(topic: string, message: ClusterMessage): Promise<void> {
    this.calls.push(`publish ${topic}`);
    this.messages.push(message);
  }
}

async function setUp() {
  const cluster = new ClusterService(new LocalPubSubProvider());
  await cluster.onModuleInit();
  const arrived: ClusterMessage[] = [];
  const keep = (message: ClusterMessage) => void arrived.push(message);
  cluster.listen({ onFrame: keep, onTerminate: keep });
  cluster.listen({ onUserStatus: keep });
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
    const cluster = new ClusterService(new LocalPubSubProvider());
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
    const cluster = new ClusterService(pubSub);
    const heard: ClusterMessage[] = [];
    cluster.listen({ onTerminate: (message) => heard.push(message) });
    await cluster.onModuleInit();
    expect(pubSub.calls).toEqual(['listen', 'subscribe control']);
    pubSub.listener?.({ type: 'terminate', appId: 'app', userId: '1' });
    expect(heard).toHaveLength(1);
  });

  it('are not bothered by a message of a kind they do not know', async () => {
    const pubSub = new RecordingPubSub();
    const cluster = new ClusterService(pubSub);
    await cluster.onModuleInit();
    const unknown = { type: 'from a newer node' } as unknown as ClusterMessage;
    expect(() => pubSub.listener?.(unknown)).not.toThrow();
  });
});

describe('Topics', () => {
  it('differ for whatever is different, users and channels of the same name among them', async () => {
    const pubSub = new RecordingPubSub();
    const cluster = new ClusterService(pubSub);
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
    const cluster = new ClusterService(pubSub);
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

describe('The status', () => {
  it('is the one of the driver', () => {
    expect(new ClusterService(new LocalPubSubProvider()).status).toBe('alone');
    expect(new ClusterService(new RecordingPubSub()).status).toBe('down');
  });
});
