import { Body, Controller, Get, Param, Post, VersioningType } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import request from 'supertest';
import { WebSocket } from 'ws';
import {
  ApplicationProvider,
  EventDispatcher,
  MetricsHandler,
  UserService,
  type Application,
} from '../src/index.js';
import { api, expectRefusal, publishTo } from './harness/api.js';
import { registerForClose } from './harness/eventually.js';
import { startHost, type Platform } from './harness/host-application.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';

afterEach(closeAll);

/** Routes of a host, some of which look like those of the server. */
@Controller()
class OwnController {
  @Get('up')
  up() {
    return { own: 'up' };
  }

  @Get('apps')
  apps() {
    return { own: 'apps' };
  }

  @Post('apps/:id/events')
  events(@Param('id') id: string, @Body() body: object) {
    return { own: id, body };
  }

  @Get(['users', 'users/:id'])
  users(@Param('id') id?: string) {
    return { own: 'users', id };
  }

  @Post('echo')
  echo(@Body() body: object) {
    return { body };
  }
}

/** A gateway of the host, on the same port. */
@WebSocketGateway({ path: '/chat' })
class ChatGateway {
  @SubscribeMessage('hello')
  hello(@MessageBody() name: string) {
    return { event: 'hello', data: `hello ${name}` };
  }
}

/** Publishes and asks from the host's own code. */
@Controller('own')
class NotifyingController {
  constructor(
    private readonly dispatcher: EventDispatcher,
    private readonly metrics: MetricsHandler,
    private readonly users: UserService,
    private readonly applications: ApplicationProvider,
  ) {}

  @Post('notify')
  async notify(@Body() { text }: { text: string }) {
    const application = (await this.applications.findById('app-id')) as Application;
    await this.dispatcher.publish(application, [{ name: 'e', channels: ['c'], data: text }]);
    return {};
  }

  @Get('statistics')
  async statistics() {
    return {
      connections: await this.metrics.connections('app-id'),
      channels: await this.metrics.channels('app-id', '', ['subscription_count']),
      users: await this.metrics.users('app-id', 'presence-c'),
    };
  }

  @Post('throw-out')
  async throwOut(@Body() { user }: { user: string }) {
    await this.users.terminate('app-id', user);
    return {};
  }
}

describe.each<[Platform]>([['Express'], ['Fastify']])('a host on %s', (platform) => {
  it('serves clients and backends below the prefix', async () => {
    const host = await startHost(platform);
    const client = await PusherClient.connect(host);
    await client.subscribePrivate('private-c', host);
    await publishTo(host, 'private-c', { data: 'ä' }).expect(200, {});
    expect((await client.expectFrame('e')).data).toBe('ä');
    await api(host, 'GET', 'channels/private-c').expect(200, { occupied: true });
    await request(host.httpUrl).get('/up').expect(200, { health: 'OK' });
  });

  it('refuses as the standalone server does', async () => {
    const host = await startHost(platform, { revurb: { server: { maxRequestSize: 300 } } });
    expectRefusal(await publishTo(host, 'b ad'), 400, '"b ad"');
    expectRefusal(await publishTo(host, 'c', { data: 'x'.repeat(300) }), 413);
    expectRefusal(await api(host, 'POST', 'events', { body: '{' }), 400, 'JSON');
    const forged = { body: '{', tamper: { secret: 'x' } };
    expectRefusal(await api(host, 'POST', 'events', forged), 401);
    expectRefusal(await api(host, 'GET', '/apps/nobody/channels'), 404);
    expectRefusal(await api(host, 'POST', 'channels'), 405);
    expectRefusal(await api(host, 'GET', 'nothing'), 404);
    await request(host.httpUrl).get('/app/app-key').expect(426);
    const longest = 'c'.repeat(200);
    await api(host, 'GET', `channels/${longest}`).expect(200, { occupied: false });
    expect((await PusherClient.refused({ ...host, key: 'nobody' })).closeCode).toBe(4001);
    const nowhere = await PusherClient.failedUpgrade(host, { path: '/app/app-key' });
    expect(nowhere.status).toBe(404);
  });

  it.each([true, false])(
    'keeps its own routes, also those named like ours, importing us first: %s',
    async (importsServerFirst) => {
      const controllers = [OwnController];
      const { ownUrl, ...host } = await startHost(platform, { controllers, importsServerFirst });
      await request(ownUrl).get('/up').expect(200, { own: 'up' });
      await request(ownUrl).get('/apps').expect(200, { own: 'apps' });
      await request(ownUrl).get('/users').expect(200, { own: 'users' });
      await request(ownUrl).get('/users/7').expect(200, { own: 'users', id: '7' });
      const body = { a: [1, 'ä'] };
      await request(ownUrl).post('/apps/7/events').send(body).expect(201, { own: '7', body });
      await request(ownUrl).post('/echo').send(body).expect(201, { body });
      await request(ownUrl).post('/echo').type('json').send('{').expect(400);
      await publishTo(host, 'c').expect(200, {});
      await request(host.httpUrl).get('/up').expect(200, { health: 'OK' });
    },
  );

  it('may do without a prefix, and then keeps the routes that are not ours', async () => {
    const revurb = { server: { path: '' } };
    const host = await startHost(platform, { revurb, controllers: [OwnController] });
    await publishTo(host, 'c').expect(200, {});
    await request(host.ownUrl).get('/up').expect(200, { health: 'OK' });
    await request(host.ownUrl).get('/users/7').expect(200, { own: 'users', id: '7' });
    await request(host.ownUrl).get('/apps').expect(200, { own: 'apps' });
    await request(host.ownUrl)
      .post('/echo')
      .send({ a: 1 })
      .expect(201, { body: { a: 1 } });
    await (await PusherClient.connect(host)).subscribe('c');
  });

  it('may have a global prefix and versions of its own routes', async () => {
    const host = await startHost(platform, {
      controllers: [OwnController],
      configure: (app) => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });
    await request(host.ownUrl).get('/api/v1/up').expect(200, { own: 'up' });
    await request(host.ownUrl).get('/up').expect(404);
    await publishTo(host, 'c').expect(200, {});
    await api(host, 'GET', 'channels').expect(200, { channels: {} });
    await request(host.httpUrl).get('/up').expect(200, { health: 'OK' });
    expectRefusal(await api(host, 'POST', 'channels'), 405);
  });

  it('keeps its own gateway on the same port', async () => {
    const host = await startHost(platform, { providers: [ChatGateway] });
    const client = await PusherClient.connect(host);
    const chat = new WebSocket(`ws://127.0.0.1:${host.port}/chat`);
    registerForClose(() => chat.terminate());
    await new Promise((resolve) => chat.once('open', resolve));
    chat.send(JSON.stringify({ event: 'hello', data: 'Ann' }));
    const [answer] = await new Promise<Buffer[]>((resolve) => {
      chat.once('message', (...message) => resolve(message as Buffer[]));
    });
    expect(JSON.parse(String(answer))).toEqual({ event: 'hello', data: 'hello Ann' });
    await client.subscribe('c');
    await publishTo(host, 'c').expect(200);
    await client.expectFrame('e');
    expect(chat.readyState).toBe(WebSocket.OPEN);
  });

  it('publishes, asks and throws out by injecting what the server exports', async () => {
    const host = await startHost(platform, { controllers: [NotifyingController] });
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    await client.subscribePresence('presence-c', { user_id: 'ann' }, host);
    await request(host.ownUrl).post('/own/notify').send({ text: 'hi' }).expect(201);
    expect((await client.expectFrame('e', { channel: 'c' })).data).toBe('hi');
    await request(host.ownUrl)
      .get('/own/statistics')
      .expect(200, {
        connections: 1,
        channels: { c: { subscription_count: 1 }, 'presence-c': { subscription_count: 1 } },
        users: ['ann'],
      });
    await request(host.ownUrl).post('/own/throw-out').send({ user: 'ann' }).expect(201);
    await client.expectClose(4009);
  });

  it('answers browsers as the server is told, not as its own CORS says', async () => {
    const server = { corsOrigins: ['https://site.example'] };
    const host = await startHost(platform, { revurb: { server }, controllers: [OwnController] });
    const headers = { Origin: 'https://site.example' };
    const ours = await api(host, 'GET', 'channels', { headers });
    expect(ours.headers['access-control-allow-origin']).toBe('https://site.example');
    const own = await request(host.ownUrl).get('/up').set(headers);
    expect(own.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('closes its clients in order when it is closed', async () => {
    const host = await startHost(platform);
    const client = await PusherClient.connect(host);
    const closing = host.close();
    await client.expectError(4200);
    await client.expectClose(4200);
    await closing;
    expect(host.logs.of('error')).toEqual([]);
  });
});

describe('two servers in one process', () => {
  it('do not see each other', async () => {
    const [one, two] = [await startHost('Express'), await startHost('Fastify')];
    const [ann, bob] = [await PusherClient.connect(one), await PusherClient.connect(two)];
    for (const client of [ann, bob]) await client.subscribe('c');
    await publishTo(one, 'c', { data: 'one' }).expect(200);
    await ann.expectFrame('e');
    await bob.roundTrip();
    expect(bob.framesLike('e')).toEqual([]);
    await api(one, 'GET', 'connections').expect(200, { connections: 1 });
    await one.close();
    await bob.roundTrip();
    await publishTo(two, 'c', { data: 'two' }).expect(200);
    expect((await bob.expectFrame('e')).data).toBe('two');
  });
});
