import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createTestServer, type TestServer } from 'revurb/testing';
import { WebSocket } from 'ws';
import { HostApplicationModule } from './host-application.module.js';
import { setUp } from './set-up.js';

let server: TestServer;
/** Of the application itself. */
let origin: string;

beforeEach(async () => {
  server = await createTestServer({
    module: HostApplicationModule,
    httpAdapter: new FastifyAdapter(),
    configure: { hasFastLane: true },
    beforeListen: setUp,
  });
  origin = new URL(server.httpUrl).origin;
});

afterEach(() => server.close());

describe('An application on Fastify with the server in it', () => {
  it('serves clients and backends below the prefix of the server', async () => {
    const client = await server.connect();
    await client.subscribe('private-c');
    await server.publish('private-c', 'e', { a: 1 });
    await client.expectEvent('e', { channel: 'private-c', data: { a: 1 } });
    const response = await fetch(`${server.httpUrl}/up`);
    expect(await response.json()).toEqual({ health: 'OK' });
  });

  it('has its own routes, with its own prefix and bodies', async () => {
    expect(await (await fetch(`${origin}/api/up`)).json()).toEqual({ shop: 'open' });
    const response = await fetch(`${origin}/api/echo`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"a":1}',
    });
    expect(await response.json()).toEqual({ body: { a: 1 } });
  });

  it('has its own gateway, on the same port', async () => {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/chat`);
    const answered = new Promise<string>((resolve, reject) => {
      socket.on('open', () => socket.send('{"event":"hello","data":"Ann"}'));
      socket.on('message', (bytes: Buffer) => resolve(bytes.toString()));
      socket.on('error', reject);
    });
    expect(JSON.parse(await answered)).toEqual({ event: 'hello', data: 'hello Ann' });
    socket.terminate();
  });
});
