import { createApplication, DEFAULT_APPLICATION_SETTINGS, secretOf } from './application.js';

const IDENTITY = { id: 'app', keys: [{ key: 'key', secret: 'secret' }] };

describe('An application', () => {
  it('has the default of every setting that is not given', () => {
    expect(createApplication(IDENTITY)).toEqual({ ...DEFAULT_APPLICATION_SETTINGS, ...IDENTITY });
  });

  it('has what is given in place of the defaults', () => {
    const application = createApplication({ ...IDENTITY, maxConnections: 5, enabled: false });
    expect(application).toMatchObject({
      maxConnections: 5,
      enabled: false,
      maxMessageSize: 10_000,
    });
  });

  it('has the default of what is given as undefined', () => {
    const application = createApplication({ ...IDENTITY, maxMessageSize: undefined });
    expect(application.maxMessageSize).toBe(10_000);
  });

  it('keeps null, zero and empty, which mean something', () => {
    const given = { maxConnections: null, clientEventsPerSecond: 0, allowedOrigins: [] };
    expect(createApplication({ ...IDENTITY, ...given })).toMatchObject(given);
  });

  it('cannot be changed, and neither can the defaults', () => {
    expect(Object.isFrozen(createApplication(IDENTITY))).toBe(true);
    expect(Object.isFrozen(DEFAULT_APPLICATION_SETTINGS)).toBe(true);
  });

  it('does not change what it was made of', () => {
    const description = { ...IDENTITY };
    createApplication(description);
    expect(description).toEqual(IDENTITY);
    expect(Object.isFrozen(description)).toBe(false);
  });

  it.each([
    ['no key', { ...IDENTITY, keys: [] }],
    ['an activity timeout of 0', { ...IDENTITY, activityTimeoutSeconds: 0 }],
    ['a negative activity timeout', { ...IDENTITY, activityTimeoutSeconds: -1 }],
    ['an activity timeout that is no number', { ...IDENTITY, activityTimeoutSeconds: NaN }],
    ['a ping interval of 0', { ...IDENTITY, pingIntervalSeconds: 0 }],
  ])('with %s is refused, by name', (_, description) => {
    expect(() => createApplication(description)).toThrow(RangeError);
    expect(() => createApplication(description)).toThrow(/Application app /);
  });
});

describe('The secret of a key', () => {
  const application = createApplication({
    id: 'app',
    keys: [
      { key: 'new', secret: 'new secret' },
      { key: 'old', secret: 'old secret' },
    ],
  });

  it('is found for every key, so that keys can be rotated with an overlap', () => {
    expect(secretOf(application, 'new')).toBe('new secret');
    expect(secretOf(application, 'old')).toBe('old secret');
  });

  it.each(['', 'NEW', 'ne', '__proto__', 'toString'])('is not found for %j', (key) => {
    expect(secretOf(application, key)).toBeUndefined();
  });
});
