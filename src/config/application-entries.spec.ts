import { DEFAULT_APPLICATION_SETTINGS } from '../applications/application.js';
import { parseApplications, parseWebhooks } from './application-entries.js';

const IDENTITY = { app_id: '1', key: 'k', secret: 's' };

function parse(json: unknown) {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return parseApplications(text, 'REVERB_APPS', DEFAULT_APPLICATION_SETTINGS);
}

function faultsOf(json: unknown): string[] {
  return parse(json).faults.map(({ variable, complaint }) => `${variable}: ${complaint}`);
}

describe('REVERB_APPS', () => {
  it('reads every field of the contract', () => {
    const { applications, faults } = parse([
      {
        ...IDENTITY,
        keys: [{ key: 'k2', secret: 's2' }],
        enabled: false,
        allowed_origins: ['a.com'],
        ping_interval: 1,
        activity_timeout: 2,
        max_connections: 3,
        max_message_size: 4,
        max_event_size: 5,
        accept_client_events_from: 'none',
        rate_limiting: {
          enabled: true,
          max_attempts: 6,
          decay_seconds: 7,
          terminate_on_limit: true,
        },
        client_events_per_second: 8,
        max_presence_members: 9,
        max_presence_user_info_size: 10,
        max_channel_name_length: 11,
        max_event_name_length: 12,
        max_event_channels: 13,
        max_batch_size: 14,
        max_subscriptions: 15,
        cache_ttl: 16,
        subscription_count: true,
        authorized_connections: true,
        authorization_timeout: 17,
        tls_only: true,
        publishes_per_second: 18,
        reads_per_second: 19,
        webhooks: [
          {
            url: 'https://example.test/hook',
            event_types: ['channel_occupied'],
            headers: { 'X-A': '1' },
            filter: { channel_name_starts_with: 'orders-', channel_name_ends_with: '' },
          },
        ],
      },
    ]);
    expect(faults).toEqual([]);
    expect(applications).toEqual([
      {
        id: '1',
        keys: [
          { key: 'k', secret: 's' },
          { key: 'k2', secret: 's2' },
        ],
        enabled: false,
        allowedOrigins: ['a.com'],
        pingIntervalSeconds: 1,
        activityTimeoutSeconds: 2,
        maxConnections: 3,
        maxMessageSize: 4,
        maxEventSize: 5,
        acceptClientEventsFrom: 'none',
        rateLimiting: { enabled: true, maxAttempts: 6, decaySeconds: 7, terminateOnLimit: true },
        clientEventsPerSecond: 8,
        maxPresenceMembers: 9,
        maxPresenceUserInfoSize: 10,
        maxChannelNameLength: 11,
        maxEventNameLength: 12,
        maxEventChannels: 13,
        maxBatchSize: 14,
        maxSubscriptions: 15,
        cacheTtlSeconds: 16,
        subscriptionCount: true,
        authorizedConnections: true,
        authorizationTimeoutSeconds: 17,
        tlsOnly: true,
        publishesPerSecond: 18,
        readsPerSecond: 19,
        webhooks: [
          {
            url: 'https://example.test/hook',
            eventTypes: ['channel_occupied'],
            headers: { 'X-A': '1' },
            channelNameStartsWith: 'orders-',
            channelNameEndsWith: '',
          },
        ],
      },
    ]);
  });

  it('falls back for what is absent, inside of rate_limiting as well', () => {
    const fallback = {
      ...DEFAULT_APPLICATION_SETTINGS,
      maxConnections: 7,
      rateLimiting: { enabled: true, maxAttempts: 5, decaySeconds: 6, terminateOnLimit: true },
    };
    const json = JSON.stringify([
      IDENTITY,
      { ...IDENTITY, max_connections: null, rate_limiting: { max_attempts: 1 } },
    ]);
    const [plain, other] = parseApplications(json, 'REVERB_APPS', fallback).applications;
    expect(plain).toMatchObject(fallback);
    expect(other!.maxConnections).toBeNull();
    expect(other!.rateLimiting).toEqual({ ...fallback.rateLimiting, maxAttempts: 1 });
  });

  it('takes a number as app_id, and keys alone', () => {
    const { applications } = parse([{ app_id: 42, keys: [{ key: 'k', secret: 's' }] }]);
    expect(applications[0]).toMatchObject({ id: '42', keys: [{ key: 'k', secret: 's' }] });
  });

  it('names an unknown field and the one that was meant', () => {
    expect(
      faultsOf([
        {
          ...IDENTITY,
          max_conections: 1,
          rate_limiting: { max: 1 },
          webhooks: [{ url: 'http://a', uri: '' }],
        },
      ]),
    ).toEqual([
      'REVERB_APPS[0].max_conections: unknown field, did you mean max_connections?',
      'REVERB_APPS[0].rate_limiting.max: unknown field',
      'REVERB_APPS[0].webhooks[0].uri: unknown field, did you mean url?',
    ]);
  });

  it.each([
    ['{', 'REVERB_APPS: got something that is not JSON (error at position 1); wants a JSON array'],
    ['{}', 'REVERB_APPS: got (hidden); wants an array'],
    ['null', 'REVERB_APPS: got (hidden); wants an array'],
    ['[1]', 'REVERB_APPS[0]: got (hidden); wants an object'],
    ['[[]]', 'REVERB_APPS[0]: got (hidden); wants an object'],
  ])('refuses %s', (json, fault) => expect(faultsOf(json)).toEqual([fault]));

  it('says nothing of what stands in broken JSON', () =>
    expect(faultsOf('[{"secret":"hunter2" oops').join()).not.toContain('hunter2'));

  it.each([
    ['ping_interval', 0],
    ['activity_timeout', 0],
    ['activity_timeout', 1.5],
    ['max_connections', '10'],
    ['max_connections', 0],
    ['max_message_size', 1e300],
    ['max_message_size', null],
    ['enabled', 'true'],
    ['allowed_origins', '*'],
    ['allowed_origins', []],
    ['allowed_origins', [1]],
    ['accept_client_events_from', '__proto__'],
    ['rate_limiting', null],
    ['rate_limiting', []],
    ['keys', {}],
    ['keys', [null]],
    ['webhooks', 'https://a'],
    ['app_id', ''],
    ['app_id', 1.5],
    ['app_id', 'a/b'],
    ['app_id', null],
    ['key', 'a:b'],
    ['key', 5],
    ['secret', ''],
  ])('refuses the %s %j', (field, value) => {
    const faults = faultsOf([{ ...IDENTITY, [field]: value }]);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults[0]).toMatch(`REVERB_APPS[0].${field}`);
  });

  it.each(['app_id', 'key', 'secret'] as const)('wants the %s', (field) => {
    const { [field]: _, ...others } = IDENTITY;
    expect(faultsOf([others])).toEqual([`REVERB_APPS[0].${field}: got nothing; wants a value`]);
  });

  it('tells the faults of all applications at once', () =>
    expect(faultsOf([{}, { ...IDENTITY, cache_ttl: -1 }])).toHaveLength(4));

  it.each(['__proto__', 'constructor', 'a\nb'])('takes the field %j for what it is', (field) => {
    const [fault, ...others] = faultsOf(
      `[{"app_id":"1","key":"k","secret":"s",${JSON.stringify(field)}:{"enabled":true}}]`,
    );
    expect(others).toEqual([]);
    expect(fault).toContain('unknown field');
    expect(fault).not.toContain('\n');
  });

  it('never shows a secret or a header', () => {
    const faults = faultsOf([
      {
        ...IDENTITY,
        secret: ['hunter2'],
        webhooks: [{ url: 'http://a', headers: { 'X-A': 'hunter2\n' } }],
      },
    ]);
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain('hunter2');
  });
});

describe('REVERB_WEBHOOKS', () => {
  it('needs nothing but a URL', () =>
    expect(parseWebhooks('[{"url":"http://127.0.0.1:1/"}]', 'REVERB_WEBHOOKS').webhooks).toEqual([
      {
        url: 'http://127.0.0.1:1/',
        eventTypes: [],
        headers: {},
        channelNameStartsWith: '',
        channelNameEndsWith: '',
      },
    ]));

  it.each([
    '[{}]',
    '[{"url":"ftp://a"}]',
    '[{"url":"http://a","event_types":["nothing"]}]',
    '[{"url":"http://a","headers":{"a b":"1"}}]',
  ])('refuses %s', (json) => expect(parseWebhooks(json, 'REVERB_WEBHOOKS').faults).toHaveLength(1));

  it.each(['http://user:hunter2@a/', 'htp://a/?token=hunter2'])(
    'says nothing of what stands in a faulty URL: %s',
    (url) => {
      const { faults } = parseWebhooks(JSON.stringify([{ url }]), 'REVERB_WEBHOOKS');
      expect(faults).toEqual([
        {
          variable: 'REVERB_WEBHOOKS[0].url',
          complaint: 'got (hidden); wants an http or https URL without user and password',
        },
      ]);
    },
  );
});
