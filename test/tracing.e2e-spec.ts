import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AlwaysOffSampler, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { createApplication } from '../src/applications/application.js';
import { EventDispatcher } from '../src/pusher/event.dispatcher.js';
import { ClusterService } from '../src/scaling/cluster.service.js';
import { OverloadError } from '../src/scaling/overload-error.js';
import { Tracing } from '../src/tracing/tracing.js';
import { api, publishTo } from './harness/api.js';
import { closeAll, eventually } from './harness/eventually.js';
import { startHost, type Platform } from './harness/host-application.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import { SpanRecorder } from './harness/span-recorder.js';
import { TEST_APPLICATION } from './harness/test-application.js';
import { startServer, type TestServer } from './harness/test-server.js';
import { answer, webhookVariables, WebhookReceiver } from './harness/webhook-receiver.js';

afterEach(closeAll);

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
const SECRET = 'what nobody may read in a trace';

const traceIdOf = (span: ReadableSpan) => span.spanContext().traceId;
const spanIdOf = (span: ReadableSpan) => span.spanContext().spanId;

function publishTraced(server: TestServer, channel: string, traceparent = TRACEPARENT) {
  const body = { name: SECRET, data: SECRET, channel };
  return api(server, 'POST', 'events', { body, headers: { traceparent } });
}

async function subscribers(server: TestServer, channel: string, count: number) {
  const clients = await Promise.all(
    Array.from({ length: count }, () => PusherClient.connect(server)),
  );
  for (const client of clients) await client.subscribe(channel);
  return clients;
}

describe('A server without an SDK', () => {
  it('follows nothing', async () => {
    const server = await startServer();
    expect(server.app.get(Tracing, { strict: false }).tracer).toBeNull();
    const [client] = await subscribers(server, 'c', 1);
    await publishTraced(server, 'c').expect(200);
    await client!.expectFrame(SECRET);
  });
});

describe('A publish', () => {
  it('is followed from the request to the last socket, in the trace of the request', async () => {
    const spans = SpanRecorder.start();
    const server = await startServer();
    await subscribers(server, 'c', 3);
    await publishTraced(server, 'c').expect(200);
    await spans.until({ 'revurb publish': 1, 'revurb send': 1, 'revurb fan-out': 1 });
    const [publish] = spans.named('revurb publish');
    const [send] = spans.named('revurb send');
    const [fanOut] = spans.named('revurb fan-out');
    expect(spans.spans.map(traceIdOf)).toEqual([TRACE_ID, TRACE_ID, TRACE_ID]);
    expect(publish!.parentSpanContext?.spanId).toBe(PARENT_ID);
    expect(send!.parentSpanContext?.spanId).toBe(spanIdOf(publish!));
    expect(fanOut!.parentSpanContext).toMatchObject({ spanId: spanIdOf(send!), isRemote: true });
    const kinds = [publish, send, fanOut].map((span) => span!.kind);
    expect(kinds).toEqual([SpanKind.SERVER, SpanKind.PRODUCER, SpanKind.CONSUMER]);
    expect(fanOut!.attributes).toEqual({
      'messaging.system': 'revurb',
      'messaging.destination.name': 'c',
      'revurb.app_id': 'app-id',
      'revurb.receivers': 3,
    });
    expect(publish!.instrumentationScope.name).toBe('revurb');
    expect(JSON.stringify(spans.spans.map(({ attributes }) => attributes))).not.toContain(SECRET);
  });

  it('begins a trace of its own when the request has none, or what is none', async () => {
    const spans = SpanRecorder.start();
    const server = await startServer();
    await publishTo(server, 'c').expect(200);
    const wrong = [
      '',
      'garbage',
      `ff${TRACEPARENT.slice(2)}`,
      `${TRACEPARENT}-x`,
      'é',
      '0'.repeat(55),
    ];
    for (const traceparent of wrong) await publishTraced(server, 'c', traceparent).expect(200);
    await spans.until({ 'revurb publish': 1 + wrong.length });
    for (const span of spans.spans) {
      expect(span.parentSpanContext).toBeUndefined();
      expect(traceIdOf(span)).not.toBe(TRACE_ID);
    }
    expect(new Set(spans.spans.map(traceIdOf)).size).toBe(1 + wrong.length);
  });

  it('to nobody goes nowhere', async () => {
    const spans = SpanRecorder.start();
    const server = await startServer();
    await publishTraced(server, 'nobody').expect(200);
    await spans.until({ 'revurb publish': 1, 'revurb send': 0, 'revurb fan-out': 0 });
  });

  it('of a batch is one, and is sent to each channel by itself', async () => {
    const spans = SpanRecorder.start();
    const server = await startServer();
    await subscribers(server, 'a', 1);
    await subscribers(server, 'b', 1);
    const batch = ['a', 'b', 'nobody'].map((channel) => ({ name: 'e', data: 'd', channel }));
    await api(server, 'POST', 'batch_events', { body: { batch } }).expect(200);
    await spans.until({ 'revurb publish': 1, 'revurb send': 2, 'revurb fan-out': 2 });
    const [publish] = spans.named('revurb publish');
    for (const send of spans.named('revurb send')) {
      expect(send.parentSpanContext?.spanId).toBe(spanIdOf(publish!));
    }
  });

  it('to a cache channel is followed as well', async () => {
    const spans = SpanRecorder.start();
    const server = await startServer();
    await subscribers(server, 'cache-c', 1);
    await publishTraced(server, 'cache-c').expect(200);
    await spans.until({ 'revurb publish': 1, 'revurb send': 1, 'revurb fan-out': 1 });
  });

  it('that fails says so', async () => {
    const spans = SpanRecorder.start();
    const server = await startServer();
    await subscribers(server, 'c', 1);
    const cluster = server.app.get(ClusterService, { strict: false });
    cluster.hasRoomFor = () => false;
    await publishTraced(server, 'c').expect(503);
    await spans.until({ 'revurb publish': 1, 'revurb send': 0 });
    const [{ status } = { status: undefined }] = spans.spans;
    expect(status?.code).toBe(SpanStatusCode.ERROR);
    expect(status?.message).toContain('buffer for the other nodes');
  });
});

describe('What nobody samples', () => {
  it('leaves no span, and no trace in what is sent', async () => {
    const spans = SpanRecorder.start({ sampler: new AlwaysOffSampler() });
    const server = await startServer();
    const cluster = server.app.get(ClusterService, { strict: false });
    const [client] = await subscribers(server, 'c', 1);
    const broadcasts: unknown[][] = [];
    const broadcast = cluster.broadcast.bind(cluster);
    cluster.broadcast = (...args) => {
      broadcasts.push(args);
      return broadcast(...args);
    };
    await publishTraced(server, 'c').expect(200);
    await client!.expectFrame(SECRET);
    expect(broadcasts.map((args) => args[4])).toEqual([undefined]);
    expect(spans.spans).toEqual([]);
  });

  it('is not sampled here because it was not where it came from', async () => {
    const spans = SpanRecorder.start();
    const server = await startServer();
    const [client] = await subscribers(server, 'c', 1);
    await publishTraced(server, 'c', TRACEPARENT.replace(/01$/, '00')).expect(200);
    await client!.expectFrame(SECRET);
    expect(spans.spans).toEqual([]);
  });
});

describe('A client event', () => {
  it('is followed from the server on', async () => {
    const spans = SpanRecorder.start();
    const server = await startServer();
    const clients = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const client of clients) await client.subscribePrivate('private-c', server);
    clients[0]!.trigger('client-e', 'private-c', SECRET);
    await clients[1]!.expectFrame('client-e');
    await spans.until({ 'revurb client-event': 1, 'revurb send': 1, 'revurb fan-out': 1 });
    expect(new Set(spans.spans.map(traceIdOf)).size).toBe(1);
    expect(spans.named('revurb client-event')[0]!.kind).toBe(SpanKind.INTERNAL);
  });
});

describe('An SDK that fails', () => {
  const broken = (when: 'onStart' | 'onEnd') => ({
    onStart: () => undefined,
    onEnd: () => undefined,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
    [when]: () => {
      throw new Error('The SDK is broken.');
    },
  });

  it.each(['onStart', 'onEnd'] as const)('in %s keeps no event from anybody', async (when) => {
    SpanRecorder.start({ processors: [broken(when)] });
    const server = await startServer();
    const clients = await subscribers(server, 'c', 2);
    for (let i = 0; i < 3; i++) {
      await publishTraced(server, 'c').expect(200);
      for (const client of clients) await client.expectFrame(SECRET);
    }
    expect(server.logs.of('error').join('\n')).toMatch(/^A span could not be recorded.*broken/s);
    expect(server.logs.of('error')).toHaveLength(1);
  });
});

describe('Two nodes', () => {
  it('are parts of one trace, over Redis', async () => {
    const spans = SpanRecorder.start();
    const redis = await RedisServer.start();
    const variables = { REVERB_SCALING_ENABLED: 'true', ...redis.variables };
    const [one, two] = await Promise.all([startServer(variables), startServer(variables)]);
    await subscribers(one, 'c', 1);
    await subscribers(two, 'c', 2);
    await publishTraced(one, 'c').expect(200);
    await spans.until({ 'revurb publish': 1, 'revurb send': 1, 'revurb fan-out': 2 });
    expect(new Set(spans.spans.map(traceIdOf))).toEqual(new Set([TRACE_ID]));
    const [send] = spans.named('revurb send');
    const fanOuts = spans.named('revurb fan-out');
    for (const { parentSpanContext } of fanOuts) {
      expect(parentSpanContext?.spanId).toBe(spanIdOf(send!));
    }
    const receivers = fanOuts.map(({ attributes }) => attributes['revurb.receivers']);
    expect(receivers.sort()).toEqual([1, 2]);
  });
});

describe.each<Platform>(['Express', 'Fastify'])('In a host on %s', (platform) => {
  it('the trace of a request goes on', async () => {
    const spans = SpanRecorder.start();
    const host = await startHost(platform);
    await publishTraced(host as never, 'c').expect(200);
    await eventually(() => expect(spans.spans.map(traceIdOf)).toEqual([TRACE_ID]));
  });

  it('the span that is active when the host publishes goes on', async () => {
    const spans = SpanRecorder.start();
    const host = await startHost(platform);
    const dispatcher = host.app.get(EventDispatcher, { strict: false });
    const { appId: id, key, secret } = TEST_APPLICATION;
    const application = createApplication({ id, keys: [{ key, secret }] });
    const own = spans.provider.getTracer('host').startSpan('of the host');
    await context.with(trace.setSpan(context.active(), own), () =>
      dispatcher.publish(application, [{ name: 'e', data: 'd', channels: ['c'] }]),
    );
    own.end();
    const [publish] = spans.named('revurb publish');
    expect(publish!.parentSpanContext?.spanId).toBe(own.spanContext().spanId);
    expect(publish!.kind).toBe(SpanKind.INTERNAL);
  });
});

describe('An overload', () => {
  it('is what a traced publish rejects with, as any other', async () => {
    SpanRecorder.start();
    const server = await startServer();
    await subscribers(server, 'c', 1);
    const cluster = server.app.get(ClusterService, { strict: false });
    cluster.hasRoomFor = () => false;
    const dispatcher = server.app.get(EventDispatcher, { strict: false });
    const { appId: id, key, secret } = TEST_APPLICATION;
    const application = createApplication({ id, keys: [{ key, secret }] });
    const events = [{ name: 'e', data: 'd', channels: ['c'] }];
    await expect(dispatcher.publish(application, events)).rejects.toThrow(OverloadError);
  });
});

describe('A webhook', () => {
  const start = async () => {
    const receiver = await WebhookReceiver.start();
    const endpoint = { url: receiver.url('/hook?key=hidden'), event_types: ['channel_occupied'] };
    return { receiver, server: await startServer(webhookVariables([endpoint])) };
  };

  it('is a trace that its endpoint can go on with', async () => {
    const spans = SpanRecorder.start();
    const { receiver, server } = await start();
    await subscribers(server, 'c', 1);
    await spans.until({ 'revurb webhook': 1 });
    const [span] = spans.named('revurb webhook');
    expect(span!.kind).toBe(SpanKind.CLIENT);
    expect(span!.parentSpanContext).toBeUndefined();
    expect(span!.attributes).toEqual({
      'messaging.system': 'revurb',
      'revurb.app_id': 'app-id',
      'messaging.batch.message_count': 1,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(receiver.url()).port),
    });
    const { traceparent } = receiver.deliveries[0]!.headers;
    expect(traceparent).toBe(`00-${traceIdOf(span!)}-${spanIdOf(span!)}-01`);
  });

  it('that is not taken says why', async () => {
    const spans = SpanRecorder.start();
    const { receiver, server } = await start();
    receiver.behave(answer(500));
    await subscribers(server, 'c', 1);
    await eventually(() => expect(spans.named('revurb webhook')).not.toEqual([]));
    const { status } = spans.named('revurb webhook')[0]!;
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'It answered 500' });
  });
});
