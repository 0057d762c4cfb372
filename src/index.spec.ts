import * as revurb from './index.js';

describe('the public API', () => {
  it('has these values, so that taking one away is noticed', () => {
    expect(Object.keys(revurb).sort()).toEqual([
      'ApplicationProvider',
      'ApplicationsModule',
      'ClosingError',
      'Connection',
      'EventDispatcher',
      'MetricsHandler',
      'OverloadError',
      'PubSubProvider',
      'PusherError',
      'PusherErrorCode',
      'PusherModule',
      'PusherWsAdapter',
      'RevurbModule',
      'ScalingModule',
      'StateStore',
      'SubscriptionError',
      'UserService',
      'configureServer',
      'createApplication',
    ]);
  });

  it('starts nothing by being imported', () => {
    expect(Object.values(revurb).every((value) => value !== undefined)).toBe(true);
  });
});
