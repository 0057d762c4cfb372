import { completePusherOptions, DEFAULT_PUSHER_OPTIONS } from './pusher.options.js';

describe('The options of a host', () => {
  it('are completed with the defaults, undefined counting as not given', () => {
    expect(completePusherOptions({})).toEqual(DEFAULT_PUSHER_OPTIONS);
    const options = { path: undefined, maxConnections: 3 };
    expect(completePusherOptions(options)).toEqual({
      ...DEFAULT_PUSHER_OPTIONS,
      maxConnections: 3,
    });
  });

  it.each(['', '/realtime', '/a/b.c-d'])('may have the path %j', (path) =>
    expect(completePusherOptions({ path }).path).toBe(path),
  );

  it.each(['realtime', '/realtime/', '/', '//a', '/a?b', '/a#b'])(
    'may not have the path %j',
    (path) => expect(() => completePusherOptions({ path })).toThrow(RangeError),
  );
});
