import {
  ClosingError,
  invalidMessage,
  PusherError,
  PusherErrorCode,
  SubscriptionError,
} from './pusher-error.js';

describe('The codes', () => {
  it('are those of the protocol, each once', () => {
    const codes = Object.values(PusherErrorCode);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.sort()).toEqual([
      4000, 4001, 4003, 4004, 4006, 4007, 4009, 4100, 4101, 4200, 4201, 4301, 4302,
    ]);
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(PusherErrorCode)).toBe(true);
  });
});

describe('An error', () => {
  it('carries a code and one sentence', () => {
    const error = new PusherError(PusherErrorCode.UNAUTHORIZED, 'Connection is unauthorized');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'PusherError',
      code: 4009,
      message: 'Connection is unauthorized',
    });
  });

  it('that closes does so with its own code, unless another is given', () => {
    const error = new ClosingError(PusherErrorCode.UNKNOWN_APPLICATION, 'No such application');
    expect(error).toBeInstanceOf(PusherError);
    expect(error).toMatchObject({ name: 'ClosingError', code: 4001, closeCode: 4001 });
    const limited = new ClosingError(PusherErrorCode.CLIENT_EVENT_REJECTED, 'Too many', 4200);
    expect(limited).toMatchObject({ code: 4301, closeCode: 4200 });
  });

  it.each([1234, 4301, 403, 4100.5, NaN])(
    'is none with %d, which no client understands',
    (code) => {
      expect(() => new ClosingError(4009, 'Out', code)).toThrow(RangeError);
    },
  );

  it('about a subscription is none of those: the connection stays open', () => {
    const refusal = { type: 'LimitReached', error: 'The channel is full', status: 4004 } as const;
    const error = new SubscriptionError('presence-a', refusal);
    expect(error).not.toBeInstanceOf(PusherError);
    expect(error).toMatchObject({
      name: 'SubscriptionError',
      channel: 'presence-a',
      refusal,
      message: 'The channel is full',
    });
  });

  it('about anything malformed is always the same, and always a new one', () => {
    expect(invalidMessage()).toMatchObject({ code: 4200, message: 'Invalid message format' });
    expect(invalidMessage()).not.toBe(invalidMessage());
  });
});
