import { Injectable, Module } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import {
  ApplicationProvider,
  createApplication,
  EventDispatcher,
  PusherError,
  PusherExtension,
  RevurbModule,
  type Publication,
} from '../src/index.js';
import {
  createTestServer,
  PublishRefusedError,
  TestClient,
  type TestServer,
  type TestServerOptions,
} from '../src/testing/index.js';
import { Pusher } from './conformance/official-libraries.js';
import { eventually, registerForClose } from './harness/eventually.js';
import { closeAll } from './harness/pusher-client.js';

afterEach(closeAll);

async function start(options?: TestServerOptions): Promise<TestServer> {
  const server = await createTestServer(options);
  registerForClose(() => server.close());
  return server;
}

/** Publishes from the code of a team. */
@Injectable()
class OrderService {
  constructor(
    private readonly dispatcher: EventDispatcher,
    private readonly applications: ApplicationProvider,
  ) {}

  async place(order: object): Promise<void> {
    const application = await this.applications.findById('app-id');
    const event = { name: 'placed', channels: ['orders', 'all'], data: JSON.stringify(order) };
    await this.dispatcher.publish(application!, [event]);
  }
}

@Module({ providers: [OrderService] })
class OrdersModule {}

describe('A server of a test', () => {
  it('has the modules of a team, and knows what they publish', async () => {
    const server = await start({ imports: [OrdersModule] });
    await server.app.get(OrderService, { strict: false }).place({ id: 7 });
    expect(server.published()).toEqual(
      ['orders', 'all'].map((channel) => ({
        appId: 'app-id',
        channel,
        event: 'placed',
        data: { id: 7 },
        rawData: '{"id":7}',
        exceptSocketId: undefined,
      })),
    );
    await server.expectPublished('orders', 'placed', { id: 7 });
    server.forgetPublished();
    expect(server.published()).toEqual([]);
  });

  it('knows what backends publish, and clients get it', async () => {
    const server = await start();
    const ann = await server.connect();
    const bob = await server.connect();
    for (const client of [ann, bob]) await client.subscribe('c');
    await server.publish('c', 'e', { a: 1 }, { exceptSocketId: bob.socketId });
    await ann.expectEvent('e', { channel: 'c', data: { a: expect.any(Number) } });
    await bob.settle();
    expect(bob.received('c').map(({ event }) => event)).not.toContain('e');
    const { exceptSocketId } = await server.expectPublished('c', 'e');
    expect(exceptSocketId).toBe(bob.socketId);
  });

  it('waits for what is published later', async () => {
    const server = await start();
    const expected = server.expectPublished('c', 'second', (data: unknown) => data === 'x');
    await server.publish('c', 'first', 'x');
    await server.publish('c', 'second', 'y');
    await server.publish('c', 'second', 'x');
    expect((await expected).rawData).toBe('x');
  });

  it('takes each event for one expectation', async () => {
    const server = await start();
    await server.publish('c', 'e', 1);
    await server.publish('c', 'e', 2);
    expect((await server.expectPublished('c', 'e')).data).toBe(1);
    expect((await server.expectPublished('c', 'e')).data).toBe(2);
    await expect(server.expectPublished('c', 'e', undefined, { withinMs: 5 })).rejects.toThrow(
      /^Expected e to be published to c within 5 ms. There was:\n {2}e to c: 1\n {2}e to c: 2$/,
    );
  });

  it('says that there was nothing', async () => {
    const server = await start();
    const expected = server.expectPublished('c', 'e', undefined, { withinMs: 5 });
    await expect(expected).rejects.toThrow('There was nothing.');
  });

  it('knows what is left of an event after the extensions of a team', async () => {
    @PusherExtension()
    class Filter {
      beforePublish({ event: { name } }: Publication) {
        if (name === 'bad') throw new PusherError(4301, 'Not this');
        return { data: 'changed' };
      }
    }
    for (const hasFastLane of [false, true]) {
      const server = await start({ providers: [Filter], configure: { hasFastLane } });
      await server.publish('c', 'e', 'x');
      const refused = server.publish('c', 'bad', 'x');
      await expect(refused).rejects.toThrow(PublishRefusedError);
      await expect(refused).rejects.toMatchObject({ status: 403 });
      expect(server.published().map(({ data }) => data)).toEqual(['changed']);
    }
  });

  it('has the applications it is given', async () => {
    const server = await start({
      applications: [
        { id: 'one', keys: [{ key: 'k1', secret: 's1' }] },
        { id: 'two', keys: [{ key: 'k2', secret: 's2' }], enabled: false },
        { id: 'three', keys: [{ key: 'k3', secret: 's3' }] },
      ],
    });
    expect([server.appId, server.key, server.secret]).toEqual(['one', 'k1', 's1']);
    const three = await server.forApplication('three');
    await three.publish('c', 'e');
    await three.expectPublished('c', 'e');
    expect(server.published()).toEqual([]);
    const two = await server.forApplication('two');
    await expect(two.connect()).rejects.toThrow(/4003.*Application is disabled/);
    await expect(server.forApplication('four')).rejects.toThrow('no application four');
  });

  it('may be on Express, below a prefix', async () => {
    const server = await start({
      httpAdapter: new ExpressAdapter(),
      revurb: { server: { path: '/realtime' } },
      beforeListen: (app) => void app.setGlobalPrefix('api'),
    });
    expect(server.url).toBe(`ws://127.0.0.1:${server.port}/realtime`);
    const client = await server.connect();
    await client.subscribe('c');
    await server.publish('c', 'e');
    await client.expectEvent('e');
  });

  it('may be a module that imports the server itself', async () => {
    const application = createApplication({ id: 'own', keys: [{ key: 'k', secret: 's' }] });
    @Module({ imports: [RevurbModule.forRoot({ applications: [application] })] })
    class OwnModule {}
    const server = await start({ module: OwnModule, appId: 'own' });
    await server.publish('c', 'e');
    await server.expectPublished('c', 'e');
    await expect(createTestServer({ module: OwnModule })).rejects.toThrow('no application app-id');
  });

  it('may be an application with replaced providers', async () => {
    const application = createApplication({ id: 'app-id', keys: [{ key: 'k', secret: 's' }] });
    const placed: object[] = [];
    const testing = await Test.createTestingModule({
      imports: [RevurbModule.forRoot({ applications: [application] }), OrdersModule],
    })
      .overrideProvider(OrderService)
      .useValue({ place: (order: object) => placed.push(order) })
      .compile();
    const server = await start({ app: testing.createNestApplication({ logger: false }) });
    await server.app.get(OrderService, { strict: false }).place({ id: 1 });
    await server.publish('c', 'e');
    await server.expectPublished('c', 'e');
    expect(placed).toEqual([{ id: 1 }]);
  });

  it('does not stay when it cannot start', async () => {
    @Injectable()
    class Broken {
      onModuleInit() {
        throw new Error('No database');
      }
    }
    await expect(createTestServer({ providers: [Broken], logger: false })).rejects.toThrow(
      'No database',
    );
  });

  it('stops once, however often it is told to', async () => {
    const server = await start();
    const client = await server.connect();
    await Promise.all([server.close(), server.close()]);
    expect((await client.expectClosed()).code).toBe(1006);
  });
});

describe('A client of a test', () => {
  it('joins private and presence channels, and signs in', async () => {
    const server = await start();
    const ann = await server.connect();
    await ann.subscribe('private-c');
    const member = { userId: 'ann', userInfo: { name: 'Ann' } };
    expect(await ann.subscribe('presence-c', member)).toEqual({
      presence: { ids: ['ann'], hash: { ann: { name: 'Ann' } }, count: 1 },
    });
    await ann.signIn({ id: 'ann' });
    await ann.subscribe('#server-to-user-ann');
    const bob = await server.connect();
    await bob.subscribe('presence-c', { userId: 'bob' });
    await ann.expectEvent('pusher_internal:member_added', { data: { user_id: 'bob' } });
    bob.trigger('client-hi', 'presence-c', 'x');
    const { userId, data } = await ann.expectEvent('client-hi', { channel: 'presence-c' });
    expect([userId, data]).toEqual(['bob', 'x']);
    bob.unsubscribe('presence-c');
    await ann.expectEvent('pusher_internal:member_removed');
    await bob.close();
  });

  it('says why it is refused', async () => {
    const server = await start({ revurb: { server: { maxConnections: 1 } } });
    const client = await server.connect();
    await expect(server.connect()).rejects.toThrow('{"code":4100,"message":"Over capacity"}');
    await expect(client.subscribe('b ad')).rejects.toThrow(/b ad.*InvalidChannel/);
    await expect(client.subscribe('presence-c')).rejects.toThrow(/presence-c.*InvalidChannelData/);
  });

  it('says why it waits no longer', async () => {
    const server = await start();
    const client = await server.connect();
    client.send({ event: 'pusher:signin', data: { auth: 'app-key:0', user_data: '{}' } });
    await expect(client.expectEvent('e')).rejects.toThrow(
      /^Expected to get e\. The connection was closed with 4009 .* There was:/s,
    );
    const nowhere = TestClient.connect(`${server.url}/nowhere`, server);
    await expect(nowhere).rejects.toThrow('404');
  });
});

describe('The stock client', () => {
  it('joins all kinds of channels with the options of the server', async () => {
    const server = await start({ revurb: { server: { path: '/realtime' } } });
    const pusher = new Pusher(server.key, server.pusherOptions({ id: 'ann', userInfo: 'Ann' }));
    const seen: unknown[] = [];
    pusher.subscribe('private-c').bind('e', (data: unknown) => seen.push(data));
    const presence = pusher.subscribe('presence-c');
    presence.bind('pusher:subscription_succeeded', (members: { me: { info: unknown } }) =>
      seen.push(members.me.info),
    );
    pusher.signin();
    pusher.user.bind('e', (data: unknown) => seen.push(data));
    await eventually(() => expect(seen).toEqual(['Ann']));
    await eventually(() => expect(pusher.user.user_data).toMatchObject({ id: 'ann' }));
    await server.publish(['private-c'], 'e', 1);
    await eventually(() => expect(seen).toEqual(['Ann', 1]));
    // A socket that it closes itself keeps the process for half a minute.
    await server.close();
    await eventually(() => expect(pusher.connection.state).not.toBe('connected'));
    pusher.disconnect();
  });
});
