import { createApplication } from '../applications/application.js';
import { channelKindOf } from '../channels/channel-name.js';
import type { Connection } from '../connections/connection.js';
import { authorizationFault, signatureFault } from './authorization.js';
import { sign } from './protocol/signature.js';

const application = createApplication({
  id: 'app',
  keys: [
    { key: 'first', secret: 'first-secret' },
    { key: 'second', secret: 'second-secret' },
  ],
});

/** Why a connection is not let into a channel. */
function faultOf(
  channel: string,
  request: { auth?: string; channelData?: string; userId?: string } = {},
): string | undefined {
  const { auth, channelData, userId } = request;
  const user =
    userId === undefined ? undefined : { id: userId, userInfo: undefined, watchlist: [] };
  const connection = { application, socketId: '1.2', user } as unknown as Connection;
  const message = { event: 'pusher:subscribe', channel, auth, channelData } as const;
  return authorizationFault(connection, channelKindOf(channel), message);
}

describe('Authorization', () => {
  it.each(['news', 'cache-news', 'x-private-y', 'presence'])('%s is open to all', (channel) => {
    expect(faultOf(channel)).toBeUndefined();
    expect(faultOf(channel, { auth: 'nonsense' })).toBeUndefined();
  });

  it.each([
    'private-x',
    'private-cache-x',
    'private-encrypted-x',
    'private-encrypted-cache-x',
    'presence-x',
    'presence-cache-x',
  ])('%s is open to who brings a signature by any key', (channel) => {
    const text = `1.2:${channel}`;
    expect(faultOf(channel)).toContain('auth');
    expect(faultOf(channel, { auth: `first:${sign('first-secret', text)}` })).toBeUndefined();
    expect(faultOf(channel, { auth: `second:${sign('second-secret', text)}` })).toBeUndefined();
    expect(faultOf(channel, { auth: `first:${sign('second-secret', text)}` })).toContain('wrong');
  });

  it('covers channel_data to the letter', () => {
    const auth = `first:${sign('first-secret', '1.2:presence-x:{"user_id":"1"}')}`;
    expect(faultOf('presence-x', { auth, channelData: '{"user_id":"1"}' })).toBeUndefined();
    expect(faultOf('presence-x', { auth, channelData: '{"user_id": "1"}' })).toContain('wrong');
    expect(faultOf('presence-x', { auth })).toContain('wrong');
  });

  it("opens a user's own channel to that user alone", () => {
    const channel = '#server-to-user-ann';
    const auth = `first:${sign('first-secret', `1.2:${channel}`)}`;
    expect(faultOf(channel, { userId: 'ann' })).toBeUndefined();
    expect(faultOf(channel, { userId: 'bob', auth })).toContain('sign in');
    expect(faultOf(channel, { auth })).toContain('sign in');
  });
});

describe('A signature', () => {
  const good = sign('first-secret', 'text');

  it('may be in either hex case', () => {
    expect(signatureFault(application, `first:${good}`, 'text')).toBeUndefined();
    expect(signatureFault(application, `first:${good.toUpperCase()}`, 'text')).toBeUndefined();
  });

  it.each([
    '',
    ':',
    'first',
    'first:',
    `:${good}`,
    good,
    `first:${good}0`,
    `first:${good.slice(1)}`,
    `first:${good}\n`,
    `first: ${good}`,
    `first:${'z'.repeat(64)}`,
    `first:${'é'.repeat(32)}`,
    `third:${good}`,
    `__proto__:${good}`,
    `First:${good}`,
  ])('is not %j', (auth) => {
    const fault = signatureFault(application, auth, 'text');
    expect(fault).toEqual(expect.any(String));
    expect(fault).not.toContain('secret-');
    expect(fault).not.toContain(good);
  });
});
