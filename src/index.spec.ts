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
      'ExtensionsModule',
      'HAND_OVER_MS',
      'HookFault',
      'LocalPubSubProvider',
      'MemoryStateStore',
      'MetricsHandler',
      'MetricsModule',
      'OverloadError',
      'PubSubProvider',
      'PusherError',
      'PusherErrorCode',
      'PusherExtension',
      'PusherModule',
      'PusherWsAdapter',
      'Refusal',
      'RevurbModule',
      'SCALING_OPTIONS',
      'ScalingModule',
      'StateStore',
      'SubscriptionError',
      'UNKNOWN_VERSION',
      'UserService',
      'WebhookQueue',
      'WebhooksModule',
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
