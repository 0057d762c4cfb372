import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { configureServer } from 'revurb';
import { usersIn } from '../../test/harness/publish.js';
import { closeAll, PusherClient } from '../../test/harness/pusher-client.js';
import { signedRequest } from '../../test/harness/signed-request.js';
import { HostApplicationModule } from './host-application.module.js';
import { describeWithNats, NatsServer } from './testing/nats-server.js';
import { until } from './testing/until.js';

const ROOM = 'presence-room';
const CREDENTIALS = { appId: 'app-id', key: 'app-key', secret: 'app-secret' };

/** One server of the cluster. */
async function startServer(nats: NatsServer) {
  const module = HostApplicationModule.forRoot(nats.address, { shutdownDrainSeconds: 0 });
  const options = { logger: false, abortOnError: false } as const;
  const app = await NestFactory.create(module, new ExpressAdapter(), options);
  configureServer(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const address = `127.0.0.1:${port}`;
  return { ...CREDENTIALS, url: `ws://${address}`, httpUrl: `http://${address}`, app };
}

type TestServer = Awaited<ReturnType<typeof startServer>>;

async function joinRoom(server: TestServer, userId: string): Promise<PusherClient> {
  const client = await PusherClient.connect(server);
  await client.subscribePresence(ROOM, { user_id: userId }, CREDENTIALS);
  return client;
}

/** Whom a server finds in the room, in its API. */
async function usersOn(server: TestServer): Promise<string> {
  return (await usersIn(server, ROOM)).join(' ');
}

describeWithNats('Two servers that share NATS', () => {
  let nats: NatsServer;
  let servers: readonly [TestServer, TestServer];

  beforeEach(async () => {
    nats = await NatsServer.start();
    servers = [await startServer(nats), await startServer(nats)];
  });

  afterEach(async () => {
    await closeAll();
    await Promise.all(servers.map(({ app }) => app.close()));
    await nats.close();
  });

  const publish = (server: TestServer, data: string, socketId?: string) =>
    signedRequest(server, 'POST', 'events', {
      body: { name: 'greeting', channel: 'news', data, socket_id: socketId },
    });

  it('deliver what is published on either to the subscribers of both, in one order', async () => {
    const clients = await Promise.all(servers.map((server) => PusherClient.connect(server)));
    for (const client of clients) await client.subscribe('news');
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`);
    const published = await Promise.all(texts.map((text, i) => publish(servers[i % 2]!, text)));
    expect(published.map(({ status }) => status)).toEqual(texts.map(() => 200));
    const heard = clients.map((client) => () => client.framesLike('greeting'));
    await until(() => heard.every((frames) => frames().length === texts.length), 'all greetings');
    const [first, second] = heard.map((frames) => frames().map(({ data }) => data));
    expect(second).toEqual(first);
    expect(first!.sort()).toEqual(texts.sort());
  });

  it('leave out the connection that is to be left out, on whichever it is', async () => {
    const clients = await Promise.all(servers.map((server) => PusherClient.connect(server)));
    for (const client of clients) await client.subscribe('news');
    await publish(servers[0], 'for one', clients[1]!.socketId);
    await publish(servers[0], 'for both');
    expect((await clients[0]!.expectFrame('greeting')).data).toBe('for one');
    expect((await clients[1]!.expectFrame('greeting')).data).toBe('for both');
  });

  it('have the same members in a presence channel, and tell each other who comes and goes', async () => {
    const [one, other] = servers;
    const ann = await joinRoom(one, 'ann');
    const bob = await joinRoom(other, 'bob');
    expect((await ann.expectFrame('pusher_internal:member_added')).json.user_id).toBe('bob');
    for (const server of servers) expect(await usersOn(server)).toBe('ann bob');
    await joinRoom(one, 'bob');
    await bob.close();
    const cid = await joinRoom(other, 'cid');
    expect((await ann.expectFrame('pusher_internal:member_added')).json.user_id).toBe('cid');
    await ann.close();
    expect((await cid.expectFrame('pusher_internal:member_removed')).json.user_id).toBe('ann');
    for (const server of servers) {
      await until(async () => (await usersOn(server)) === 'bob cid', 'both know who is left');
    }
    expect(cid.framesLike(({ json }) => json?.user_id === 'bob')).toEqual([]);
  });

  it('go on by themselves without NATS, and together when it is back', async () => {
    const clients = await Promise.all(servers.map((server) => PusherClient.connect(server)));
    for (const client of clients) await client.subscribe('news');
    const ann = await joinRoom(servers[0], 'ann');
    await joinRoom(servers[1], 'bob');
    await ann.expectFrame('pusher_internal:member_added');
    await nats.kill();
    expect((await publish(servers[0], 'alone')).status).toBe(200);
    expect((await clients[0]!.expectFrame('greeting')).data).toBe('alone');
    await nats.restart();
    expect((await clients[1]!.expectFrame('greeting', { timeoutMs: 10_000 })).data).toBe('alone');
    for (const server of servers) {
      await until(async () => (await usersOn(server)) === 'ann bob', 'both know of both');
    }
    await publish(servers[1], 'together');
    for (const client of clients) {
      expect((await client.expectFrame('greeting')).data).toBe('together');
    }
    expect(ann.framesLike('pusher_internal:member_removed')).toEqual([]);
  });
});
