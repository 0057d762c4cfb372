import { describePubSubProvider } from '../testing/pub-sub-provider.suite.js';
import { LocalPubSubProvider } from './local-pub-sub.provider.js';

describePubSubProvider('LocalPubSubProvider', () => ({ nodes: [new LocalPubSubProvider()] }));

describe('LocalPubSubProvider', () => {
  it('delivers in the same call, so that nothing waits for a promise', () => {
    const pubSub = new LocalPubSubProvider();
    const arrived: string[] = [];
    pubSub.listen(({ type }) => arrived.push(type));
    expect(pubSub.subscribe('control')).toBeUndefined();
    const message = { type: 'terminate', appId: 'app', userId: '1' } as const;
    expect(pubSub.publish('control', message)).toBeUndefined();
    expect(arrived).toEqual(['terminate']);
  });

  it('passes a message on as the object it is: a frame is not copied', () => {
    const pubSub = new LocalPubSubProvider();
    const message = { type: 'terminate', appId: 'app', userId: '1' } as const;
    let arrived: unknown;
    pubSub.listen((received) => (arrived = received));
    pubSub.subscribe('control');
    pubSub.publish('control', message);
    expect(arrived).toBe(message);
  });

  it('loses what is published before anybody listens, without a fault', () => {
    const pubSub = new LocalPubSubProvider();
    pubSub.subscribe('control');
    const message = { type: 'terminate', appId: 'app', userId: '1' } as const;
    expect(() => pubSub.publish('control', message)).not.toThrow();
  });

  it('knows that it is alone', () => {
    expect(new LocalPubSubProvider().status).toBe('alone');
  });
});
