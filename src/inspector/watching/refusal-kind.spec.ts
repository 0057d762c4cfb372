import {
  ClosingError,
  PusherError,
  PusherErrorCode,
  SubscriptionError,
  type SubscriptionRefusal,
} from '../../pusher/protocol/pusher-error.js';
import { kindOfRefusal, kindOfStatus } from './refusal-kind.js';

describe('A refusal is', () => {
  it.each<[SubscriptionRefusal['type'], string]>([
    ['AuthError', 'auth-failed'],
    ['InvalidChannel', 'refused'],
    ['InvalidChannelData', 'refused'],
    ['LimitReached', 'refused'],
  ])('of a subscription, for %s: %s', (type, kind) => {
    expect(kindOfRefusal(new SubscriptionError('c', { type, error: 'No.', status: 1 }))).toBe(kind);
  });

  it.each([
    [PusherErrorCode.UNAUTHORIZED, 'No.', 'auth-failed'],
    [PusherErrorCode.TOO_MANY_ATTEMPTS, 'No.', 'rate-limited'],
    [PusherErrorCode.CLIENT_EVENT_REJECTED, 'Rate limit exceeded', 'rate-limited'],
    [PusherErrorCode.CLIENT_EVENT_REJECTED, 'The app does not accept client events', 'refused'],
    [PusherErrorCode.OVER_QUOTA, 'No.', 'refused'],
    [PusherErrorCode.UNKNOWN_APPLICATION, 'No.', 'refused'],
    [PusherErrorCode.UNSUPPORTED_VERSION, 'No.', 'refused'],
  ])('with the code %d and %j: %s', (code, sentence, kind) => {
    expect(kindOfRefusal(new PusherError(code, sentence))).toBe(kind);
  });

  it('the same when the connection is closed with it', () => {
    const error = new ClosingError(PusherErrorCode.UNAUTHORIZED, 'No.');
    expect(kindOfRefusal(error)).toBe('auth-failed');
  });

  it.each([
    [401, 'auth-failed'],
    [429, 'rate-limited'],
    [400, 'refused'],
    [403, 'refused'],
    [413, 'refused'],
    [503, 'refused'],
  ])('of a request, with the status %d: %s', (status, kind) => {
    expect(kindOfStatus(status)).toBe(kind);
  });
});
