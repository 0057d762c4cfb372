import { setTimeout as sleep } from 'node:timers/promises';
import { publish } from '../../harness/publish.js';
import { PusherClient } from '../../harness/pusher-client.js';
import type { ServerProcess } from '../../harness/server-process.js';

const USERS = ['anna', 'bert', 'cara', 'dora', 'emil', 'fritz', 'gerda', 'hanna'];
const ORIGINS = ['https://shop.example', 'https://admin.shop.example'];
const CLIENTS = [
  { client: 'js', version: '8.6.0' },
  { client: 'js', version: '8.4.0' },
  { client: 'pusher-websocket-swift', version: '10.1.5' },
  { client: 'pusher-websocket-java', version: '2.4.4' },
];
const COUNT = 48;

/** One of these, the same for the same number. */
const one = <T>(of: readonly T[], number: number): T => of[number % of.length]!;

/** A shop that is not there: its customers, and what its backend publishes. */
export class Shop {
  readonly clients: PusherClient[] = [];
  private isClosed = false;
  private running: Promise<void> = Promise.resolve();
  private round = 0;

  constructor(private readonly nodes: readonly ServerProcess[]) {}

  /** Customers come in, and business begins. */
  async open(): Promise<void> {
    for (let i = 0; i < COUNT; i++) this.clients.push(await this.customer(i));
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.running;
  }

  /** Somebody types, and then everybody else in the room is told what. */
  async sayInRoom(text: string): Promise<void> {
    const [author] = this.clients;
    author!.trigger('client-typing', 'presence-room-7', {});
    await author!.roundTrip();
    await publish(this.nodes[1]!, 'presence-room-7', 'message.sent', JSON.stringify({ text }), {
      socket_id: author!.socketId,
    });
  }

  private async customer(i: number): Promise<PusherClient> {
    const node = one(this.nodes, i);
    const headers = { Origin: one(ORIGINS, Math.floor(i / 7)) };
    const query = one(CLIENTS, i);
    const client = await PusherClient.connect(node, { query, headers, autoPong: true });
    const id = one(USERS, i);
    await client.signin({ id }, node);
    await client.subscribe('orders');
    if (i % 2 === 0) await client.subscribe('news');
    if (i % 3 === 0) await client.subscribePresence('presence-room-7', { user_id: id }, node);
    if (i % 4 === 0) await client.subscribePrivate(`private-orders.${i}`, node);
    if (i % 5 === 0) await client.subscribe('cache-prices');
    if (i % 6 === 0) await client.subscribePresence('presence-support', { user_id: id }, node);
    return client;
  }

  private async run(): Promise<void> {
    while (!this.isClosed) {
      await this.doBusiness(this.round++);
      await sleep(150 + 120 * Math.sin(this.round / 40));
    }
  }

  private async doBusiness(round: number): Promise<void> {
    const node = one(this.nodes, round);
    const order = JSON.stringify({ id: 7000 + round, total: 19.9, currency: 'EUR' });
    const client = one(this.clients, round * 3);
    await publish(
      node,
      'orders',
      one(['order.placed', 'order.paid', 'order.shipped'], round),
      order,
    );
    if (round % 2 === 0) {
      const channels = ['orders', `private-orders.${(round % 12) * 4}`];
      await publish(node, channels, 'order.packed', order);
    }
    if (round % 3 === 0) client.trigger('client-typing', 'presence-room-7', {});
    if (round % 5 === 0) await publish(node, 'cache-prices', 'price.changed', '{"apples":2.4}');
    if (round % 7 === 0) await publish(node, 'news', 'article.published', '{"id":3}');
    if (round % 11 === 0) await this.replaceCustomer(round);
    if (round % 17 === 0) await client.subscribeRefused('private-orders.1', 'app-key:5f2c');
    if (round % 23 === 0) {
      await client.subscribe(`cache-basket-${round}`);
      client.unsubscribe(`cache-basket-${round}`);
    }
  }

  private async replaceCustomer(round: number): Promise<void> {
    const place = 1 + (round % (COUNT - 1));
    await this.clients[place]!.close(1001);
    this.clients[place] = await this.customer(place);
  }
}
