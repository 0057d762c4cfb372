import * as revurb from './index.js';

describe('the public API', () => {
  it('has these values, so that taking one away is noticed', () => {
    expect(Object.keys(revurb).sort()).toEqual([
      'ApplicationProvider',
      'ApplicationsModule',
      'ApplicationsReload',
      'ClosingError',
      'Connection',
      'EventDispatcher',
      'HAND_OVER_MS',
      'LocalPubSubProvider',
      'MemoryStateStore',
      'MetricsHandler',
      'MetricsModule',
      'OverloadError',
      'PubSubProvider',
      'PusherError',
      'PusherErrorCode',
      'PusherModule',
      'PusherWsAdapter',
      'RevurbModule',
      'SCALING_OPTIONS',
      'ScalingModule',
      'StateStore',
      'SubscriptionError',
      'UNKNOWN_VERSION',
      'UserService',
      'configureServer',
      'createApplication',
      'decodeClusterMessage',
      'encodeClusterMessage',
    ]);
  });

  it('starts nothing by being imported', () => {
    expect(Object.values(revurb).every((value) => value !== undefined)).toBe(true);
  });
});
