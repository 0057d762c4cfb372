import { createTestServer, type TestServer } from 'revurb/testing';
import { OrdersModule } from './host-application.module.js';

let server: TestServer;

beforeEach(async () => {
  server = await createTestServer({ imports: [OrdersModule] });
});

afterEach(() => server.close());

const order = (body: object) =>
  fetch(`${server.httpUrl}/orders`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('An order', () => {
  it('is told to those who listen', async () => {
    const client = await server.connect();
    await client.subscribe('private-orders');
    const response = await order({ product: 'tea' });
    const { id } = (await response.json()) as { id: string };
    await client.expectEvent('placed', { channel: 'private-orders', data: { id, product: 'tea' } });
    await server.expectPublished('private-orders', 'placed', { id, product: 'tea' });
  });

  it('is told to nobody when it is refused', async () => {
    expect((await order({})).status).toBe(400);
    expect(server.published()).toEqual([]);
  });

  it('knows how many listen', async () => {
    const client = await server.connect();
    await client.subscribe('private-orders');
    const response = await fetch(`${server.httpUrl}/orders/listeners`);
    expect(await response.json()).toEqual({ listeners: 1 });
  });
});
