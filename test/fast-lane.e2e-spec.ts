import { setImmediate as turn } from 'node:timers/promises';
import { Injectable, type CanActivate, type INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApplicationProvider, createApplication, type Application } from '../src/index.js';
import { api, expectRefusal, publishTo } from './harness/api.js';
import { startHost, type HostOptions, type Platform } from './harness/host-application.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import type { SigningOptions } from './harness/signed-request.js';
import { TEST_APPLICATION } from './harness/test-application.js';

afterEach(closeAll);

const { appId: id, key, secret } = TEST_APPLICATION;
const DISABLED = 'disabled-id';
const PLATFORMS: readonly [Platform][] = [['Express'], ['Fastify']];

const startWays = (platform: Platform, options: HostOptions = {}) =>
  Promise.all([
    startHost(platform, { ...options, server: { hasFastLane: true } }),
    startHost(platform, options),
  ]);

interface Call {
  readonly path?: string;
  readonly options?: SigningOptions & { headers?: Record<string, string> };
  readonly status: number;
}

const event = { name: 'e', data: 'd', channel: 'c' };
const withBody = (body: unknown, status: number, path = 'events'): Call => {
  return { path, options: { body }, status };
};
const publishing = (tamper: SigningOptions['tamper'], status = 401): Call => {
  return { options: { body: event, tamper }, status };
};

const CALLS: readonly (readonly [what: string, call: Call])[] = [
  ['an event', withBody(event, 200)],
  ['an event that asks', withBody({ ...event, info: 'subscription_count' }, 200)],
  ['an event of several channels', withBody({ ...event, channels: ['a', 'b', 'a'] }, 200)],
  ['a batch', withBody({ batch: [event, event] }, 200, 'batch_events')],
  [
    'a batch that asks',
    withBody({ batch: [event, { ...event, info: 'subscription_count' }] }, 200, 'batch_events'),
  ],
  [
    'an idempotency key',
    { options: { body: event, headers: { 'X-Idempotency-Key': 'k' } }, status: 200 },
  ],
  ['a slash at the end', { path: `/apps/${id}/events/`, options: { body: event }, status: 200 }],
  ['an empty batch', withBody({ batch: [] }, 400, 'batch_events')],
  [
    'a batch that is too large',
    withBody({ batch: Array.from({ length: 11 }, () => event) }, 400, 'batch_events'),
  ],
  ['a batch with one bad event', withBody({ batch: [event, 1] }, 400, 'batch_events')],
  ['no JSON', withBody('{', 400)],
  ['no object', withBody('[]', 400)],
  ['no name', withBody({ data: '', channel: 'c' }, 400)],
  ['a bad channel', withBody({ ...event, channel: 'a b' }, 400)],
  ['a bad socket id', withBody({ ...event, socket_id: 'x' }, 400)],
  [
    'an empty idempotency key',
    { options: { body: event, headers: { 'X-Idempotency-Key': '' } }, status: 400 },
  ],
  ['data that is too large', withBody({ ...event, data: 'x'.repeat(10_001) }, 413)],
  ['a body that is too large', withBody({ ...event, data: 'x'.repeat(200_001) }, 413)],
  ['no body', { status: 400 }],
  ['a body nobody signed', publishing({ bodyMd5: null })],
  ['another body', publishing({ bodyMd5: '0'.repeat(32) })],
  ['a wrong signature', publishing({ secret: 'other' })],
  ['no signature', publishing({ afterSigning: { auth_signature: null } })],
  ['a key of nobody', publishing({ key: 'other' })],
  ['an old version', publishing({ version: '2.0' })],
  ['no timestamp', publishing({ timestamp: 'now' })],
  ['a signature in capitals', publishing({ upperCaseHex: true }, 200)],
  ['a signature with the prefix', publishing({ signedPath: `/realtime/apps/${id}/events` }, 200)],
  [
    'an application that does not exist',
    { path: '/apps/none/events', options: { body: event }, status: 404 },
  ],
  [
    'a disabled application',
    { path: `/apps/${DISABLED}/events`, options: { body: event }, status: 403 },
  ],
];

describe.each(PLATFORMS)('Publishing ahead of %s and through it', (platform) => {
  const applications = [
    createApplication({ id, keys: [{ key, secret }] }),
    createApplication({ id: DISABLED, keys: [{ key, secret }], enabled: false }),
  ];

  it('is answered alike, whatever the request', async () => {
    const [ahead, through] = await startWays(platform, { revurb: { applications } });
    for (const [what, { path = 'events', options, status }] of CALLS) {
      // A refusal names what had to be signed, so both have to be signed in the same second.
      const signed = { timestampSeconds: Math.floor(Date.now() / 1000), ...options };
      const [one, other] = [
        await api(ahead, 'POST', path, signed),
        await api(through, 'POST', path, signed),
      ];
      const { text, type } = other;
      expect({ what, status: one.status, text: one.text, type: one.type }).toEqual({
        what,
        status,
        text,
        type,
      });
      if (status !== 200) expectRefusal(one, status);
    }
  });

  it('leaves other methods and calls to the framework', async () => {
    const [ahead] = await startWays(platform);
    const response = await api(ahead, 'GET', 'events');
    expectRefusal(response, 405);
    expect(response.headers.allow).toBe('POST');
    await api(ahead, 'GET', 'channels').expect(200, { channels: {} });
  });

  it('reaches subscribers once, but not the excluded one', async () => {
    for (const host of await startWays(platform)) {
      const [ann, bob] = [await PusherClient.connect(host), await PusherClient.connect(host)];
      for (const client of [ann, bob]) await client.subscribe('c');
      await publishTo(host, 'c', { socket_id: ann.socketId }).expect(200, {});
      await bob.expectFrame('e');
      for (const client of [ann, bob]) await client.roundTrip();
      expect([ann.framesLike('e').length, bob.framesLike('e').length]).toEqual([0, 1]);
    }
  });

  it('is seen by a guard of the host on one way alone', async () => {
    const seen: string[] = [];
    const guard = {
      canActivate: (context) => {
        if (context.getType() === 'http') seen.push(context.getHandler().name);
        return true;
      },
    } satisfies CanActivate;
    const [ahead, through] = await startWays(platform, {
      providers: [{ provide: APP_GUARD, useValue: guard }],
    });
    await publishTo(ahead, 'c').expect(200);
    expect(seen).toEqual([]);
    await publishTo(through, 'c').expect(200);
    expect(seen).toEqual(['publish']);
  });
});

describe('Publishing ahead of the framework', () => {
  const startFor = (find: () => Promise<Application | undefined>) => {
    @Injectable()
    class SlowProvider extends ApplicationProvider {
      override findById = find;
      override findByKey = find;
    }
    const revurb = { applications: undefined, applicationProvider: SlowProvider };
    return startHost('Fastify', { revurb, server: { hasFastLane: true } });
  };

  it('waits for an application that is looked up', async () => {
    const host = await startFor(async () => {
      await turn();
      return createApplication({ id, keys: [{ key, secret }] });
    });
    await publishTo(host, 'c').expect(200, {});
    expectRefusal(await api({ ...host, secret: 'other' }, 'POST', 'events', { body: event }), 401);
  });

  it('answers 500 when that fails, and tells the log why and nobody else', async () => {
    const host = await startFor(async () => {
      throw new Error('The database is gone');
    });
    const { status, body } = await publishTo(host, 'c');
    expect({ status, body }).toEqual({
      status: 500,
      body: { error: 'The server failed, see its log.' },
    });
    expect(host.logs.of('error').join()).toContain('The database is gone');
  });

  it('keeps middleware of the host out, which sees everything else', async () => {
    const seen: string[] = [];
    const configure = (app: INestApplication) =>
      app.use(({ method }: { method: string }, _: unknown, next: () => void) => {
        seen.push(method);
        next();
      });
    const host = await startHost('Express', { configure, server: { hasFastLane: true } });
    await publishTo(host, 'c').expect(200);
    await api(host, 'GET', 'channels').expect(200);
    expect(seen).toEqual(['GET']);
  });
});
