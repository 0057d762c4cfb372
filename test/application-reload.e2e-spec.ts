import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { member, signedIn } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { channelAuth, signedRequest } from './harness/signed-request.js';
import { TEST_APPLICATION } from './harness/test-application.js';
import { startServer, type TestServer } from './harness/test-server.js';
import { WebhookReceiver } from './harness/webhook-receiver.js';

const { appId, key, secret } = TEST_APPLICATION;
const APPLICATION = { app_id: appId, key, secret };

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  path = join(directory, 'apps.json');
});

afterEach(async () => {
  await closeAll();
  rmSync(directory, { recursive: true });
});

const write = (content: unknown) =>
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));

/** A server that has one application, from the file, with these settings. */
async function serve(settings: object = {}): Promise<TestServer> {
  write([{ ...APPLICATION, ...settings }]);
  return startServer({ REVERB_APPS_FILE: path, REVERB_WEBHOOK_GRACE: '1' });
}

/** Writes the file, and resolves once the server follows it. */
async function change(server: TestServer, ...applications: object[]): Promise<void> {
  const before = reloadsOf(server);
  write(applications);
  await eventually(() => expect(reloadsOf(server)).toBeGreaterThan(before));
}

const reloadsOf = ({ logs }: TestServer) =>
  logs.of('log').filter((text) => text.startsWith('The applications were read again')).length;

const complaintsOf = ({ logs }: TestServer) =>
  logs.of('error').filter((text) => text.startsWith('The changed file of applications')).length;

const refusalOf = async (server: TestServer, options?: object) =>
  (await PusherClient.refused(server, options)).closeCode;

describe('When the file of applications changes, open connections stay and follow', () => {
  it('webhooks: who has some from now on, and who has none any more', async () => {
    const receiver = await WebhookReceiver.start();
    const occupied = (channel: string) => ({ name: 'channel_occupied', channel });
    const withWebhooks = { ...APPLICATION, webhooks: [{ url: receiver.url() }] };
    const server = await serve();
    const client = await PusherClient.connect(server);
    await client.subscribe('before');
    await change(server, withWebhooks);
    await client.subscribe('after');
    await receiver.expectEvents([occupied('after')]);
    await change(server, APPLICATION);
    await client.subscribe('without');
    await change(server, withWebhooks);
    await client.subscribe('again');
    await receiver.expectEvents([occupied('after'), occupied('again')]);
  });

  it('webhooks: who was there before is there, and is told when it goes', async () => {
    const receiver = await WebhookReceiver.start();
    const name = 'presence-room';
    const of = (event: string, user_id: string) => ({ name: event, channel: name, user_id });
    const server = await serve();
    const [first, elsewhere] = [await member(server, name, 'ann'), await signedIn(server, 'ann')];
    await change(server, { ...APPLICATION, webhooks: [{ url: receiver.url() }] });
    const later = await member(server, name, 'ann');
    const [bob, again] = [await member(server, name, 'bob'), await signedIn(server, 'ann')];
    await receiver.expectEvents([of('member_added', 'bob')]);
    await Promise.all([later.close(), again.close()]);
    await bob.close();
    await receiver.expectEvents([of('member_added', 'bob'), of('member_removed', 'bob')]);
    await first.close();
    await elsewhere.close();
    await receiver.expectEvents([
      of('member_added', 'bob'),
      of('member_removed', 'bob'),
      of('member_removed', 'ann'),
      { name: 'channel_vacated', channel: name },
      { name: 'user_offline', user_id: 'ann' },
    ]);
  });

  it('a limit', async () => {
    const server = await serve();
    const client = await PusherClient.connect(server);
    await client.subscribe('first');
    await change(server, { ...APPLICATION, max_subscriptions: 1 });
    expect((await client.subscribeRefused('second')).json.type).toBe('LimitReached');
    await change(server, APPLICATION);
    await client.subscribe('second');
    await signedRequest(server, 'POST', 'events', {
      body: { name: 'event', channels: ['first'], data: '1' },
    });
    await client.expectFrame('event', { channel: 'first' });
  });

  it('who may send client events', async () => {
    const server = await serve();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const client of [ann, bob]) await client.subscribePrivate('private-room', server);
    await change(server, { ...APPLICATION, accept_client_events_from: 'none' });
    ann.trigger('client-hello', 'private-room', 1);
    await ann.expectError(4301);
    await change(server, { ...APPLICATION, accept_client_events_from: 'members' });
    ann.trigger('client-hello', 'private-room', 2);
    expect((await bob.expectFrame('client-hello')).data).toBe(2);
  });

  it('their keep-alive', async () => {
    const server = await serve();
    const client = await PusherClient.connect(server);
    await change(server, { ...APPLICATION, ping_interval: 1, activity_timeout: 1 });
    await client.expectFrame('pusher:ping');
    await client.expectClose(4201);
  });

  it('that they must be authorized', async () => {
    const server = await serve();
    const [idle, busy] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await busy.subscribePrivate('private-room', server);
    const settings = { authorized_connections: true, authorization_timeout: 1 };
    await change(server, { ...APPLICATION, ...settings });
    await idle.expectClose(4009);
    await busy.roundTrip();
  });

  it('a rotation of keys', async () => {
    const server = await serve();
    const client = await PusherClient.connect(server);
    const former = { key, secret };
    const next = { key: 'next-key', secret: 'next-secret' };
    await change(server, { app_id: appId, keys: [former, next] });
    await client.subscribePrivate('private-a', former);
    await client.subscribePrivate('private-b', next);
    await change(server, { app_id: appId, keys: [next] });
    await client.roundTrip();
    const oldAuth = channelAuth(former, client.socketId, 'private-c');
    expect((await client.subscribeRefused('private-c', oldAuth)).json.status).toBe(401);
    await client.subscribePrivate('private-c', next);
    expect(await refusalOf(server)).toBe(4001);
    await PusherClient.connect({ url: server.url, key: next.key });
    expect((await signedRequest(server, 'GET', 'connections')).status).toBe(401);
    const counted = await signedRequest({ ...server, ...next }, 'GET', 'connections');
    expect(counted.json).toEqual({ connections: 2 });
  });
});

describe('When the file of applications changes, newcomers meet', () => {
  it('a smaller quota, which closes nobody', async () => {
    const server = await serve();
    const clients = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await change(server, { ...APPLICATION, max_connections: 1 });
    expect(await refusalOf(server)).toBe(4004);
    for (const client of clients) await client.roundTrip();
    await clients[0]!.close();
    expect(await refusalOf(server)).toBe(4004);
    await clients[1]!.close();
    await eventually(() => PusherClient.connect(server));
  });

  it('other origins', async () => {
    const server = await serve({ allowed_origins: ['old.example'] });
    const at = (host: string) => ({ headers: { Origin: `https://${host}` } });
    const client = await PusherClient.connect(server, at('old.example'));
    await change(server, { ...APPLICATION, allowed_origins: ['new.example'] });
    await PusherClient.connect(server, at('new.example'));
    expect(await refusalOf(server, at('old.example'))).toBe(4009);
    await client.roundTrip();
  });

  it('a disabled application, enabled again later', async () => {
    const server = await serve();
    const client = await PusherClient.connect(server);
    await change(server, { ...APPLICATION, enabled: false });
    expect(await refusalOf(server)).toBe(4003);
    expect((await signedRequest(server, 'GET', 'connections')).status).toBe(403);
    await client.roundTrip();
    await change(server, APPLICATION);
    await PusherClient.connect(server);
  });

  it('other limits of messages and other timeouts', async () => {
    const server = await serve();
    await change(server, { ...APPLICATION, max_message_size: 50, activity_timeout: 7 });
    const client = await PusherClient.connect(server);
    expect(client.activityTimeout).toBe(7);
    client.send('x'.repeat(51));
    await client.expectClose(1009);
  });

  it('a new application, and one that is gone no more', async () => {
    const server = await serve();
    const client = await PusherClient.connect(server);
    const other = { app_id: 'other', key: 'other-key', secret: 'other-secret' };
    await change(server, other);
    const target = { ...server, appId: 'other', key: 'other-key', secret: 'other-secret' };
    await PusherClient.connect(target);
    expect((await signedRequest(target, 'GET', 'connections')).json).toEqual({ connections: 1 });
    expect(await refusalOf(server)).toBe(4001);
    expect((await signedRequest(server, 'GET', 'connections')).status).toBe(404);
    await client.roundTrip();
    await client.subscribe('room');
  });
});

describe('A file of applications with a fault', () => {
  it.each<[string, unknown]>([
    ['that is cut off', '[{"app_id":"app-id","key":"app-key","secret":"app-se'],
    ['that is no JSON', 'applications: []'],
    ['that is no array', { ...APPLICATION }],
    ['with a field nobody knows', [{ ...APPLICATION, max_conections: 1 }]],
    ['with a wrong value', [{ ...APPLICATION, activity_timeout: 0 }]],
    ['with an application without secret', [{ app_id: 'x', key: 'y' }]],
    ['with the id of the inspector', [{ ...APPLICATION, app_id: 'revurb-inspector' }]],
    ['with a key given twice', [APPLICATION, { ...APPLICATION, app_id: 'other' }]],
  ])('%s changes nothing, and is told once', async (_, content) => {
    const server = await serve();
    const client = await PusherClient.connect(server);
    write(content);
    await eventually(() => expect(complaintsOf(server)).toBe(1));
    await client.roundTrip();
    await PusherClient.connect(server);
    await change(server, { ...APPLICATION, activity_timeout: 9 });
    expect((await PusherClient.connect(server)).activityTimeout).toBe(9);
    expect(complaintsOf(server)).toBe(1);
  });

  it('may be gone and come back, or be replaced by a rename', async () => {
    const server = await serve();
    rmSync(path);
    await eventually(() => expect(complaintsOf(server)).toBe(1));
    await PusherClient.connect(server);
    const before = reloadsOf(server);
    const beside = join(directory, 'beside.json');
    writeFileSync(beside, JSON.stringify([{ ...APPLICATION, activity_timeout: 11 }]));
    renameSync(beside, path);
    await eventually(() => expect(reloadsOf(server)).toBeGreaterThan(before));
    expect((await PusherClient.connect(server)).activityTimeout).toBe(11);
  });
});
