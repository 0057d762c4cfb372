// @ts-check
/**
 * The load: subscribers and publisher in a process of their own, told what to do over IPC by
 * load-driver.js. It shares the machine with the server, hence raw sockets and byte searches.
 */
import { Publisher } from './load/publisher.js';
import { PublishPhase } from './load/publish-phase.js';
import { SubscriberPool } from './load/subscriber-pool.js';

/** @typedef {import('./load/subscriber-pool.js').Server} Server */
/** @typedef {import('./load/subscriber.js').Subscriber} Subscriber */

/**
 * @typedef {object} PublishOrder
 * @property {number} messages
 * @property {number} inFlight publishes not yet received by everybody
 * @property {number} size bytes of data
 * @property {'first' | 'spread' | 'nobody'} to the first channel, one message to each of as many
 *   channels spread over all, or a channel without subscribers
 */

class LoadClient {
  /** @type {PublishPhase | undefined} */
  #phase;
  /** @type {Map<number, Publisher>} by number of connections */
  #publishers = new Map();
  #sequence = 0;
  #nobody;
  #pool;
  #server;

  /** @param {Server} server @param {string} prefix of all channel names */
  constructor(server, prefix) {
    this.#server = server;
    this.#nobody = `${prefix}-nobody`;
    this.prefix = prefix;
    this.#pool = new SubscriberPool(server, (subscriber, bytes, start, end) => {
      const channel = subscriber.isMember ? this.#pool.channels[subscriber.channel] : '';
      if (this.#phase) this.#phase.receive(subscriber, channel ?? '', bytes, start, end);
      else this.#pool.report(`an event nobody published: ${bytes.toString('utf8', start, end)}`);
    });
  }

  /** @param {{ count: number, membersPerChannel: number }} order */
  async open({ count, membersPerChannel }) {
    return { ready: await this.#pool.open(count, membersPerChannel, `${this.prefix}-${count}`) };
  }

  /** @param {PublishOrder} order */
  async publish({ messages, inFlight, size, to }) {
    const { channels, members, subscribers } = this.#pool;
    this.#phase = new PublishPhase({
      publisher: this.#publisher(inFlight),
      first: this.#sequence,
      messages,
      inFlight,
      size,
      subscribers: subscribers.length,
      channelOf: (message) => {
        if (to === 'nobody') return { name: this.#nobody, receivers: 0 };
        const channel = to === 'first' ? 0 : Math.floor((message * channels.length) / messages);
        return { name: channels[channel] ?? '', receivers: members[channel] ?? 0 };
      },
      onProblem: (problem) => this.#pool.report(problem),
    });
    this.#sequence += messages;
    const result = await this.#phase.run();
    this.#phase = undefined;
    return result;
  }

  /** @param {{ from: number, to: number }} order */
  unsubscribe({ from, to }) {
    return { count: this.#pool.unsubscribe(from, to) };
  }

  /** @param {{ from: number, to: number }} order */
  async disconnect({ from, to }) {
    return { count: await this.#pool.disconnect(from, to) };
  }

  problems() {
    return { count: this.#pool.problems, first: this.#pool.firstProblem };
  }

  /** @param {number} connections */
  #publisher(connections) {
    const known = this.#publishers.get(connections);
    const { application } = this.#server;
    const publisher = known ?? new Publisher(this.#server, application, connections);
    this.#publishers.set(connections, publisher);
    return publisher;
  }
}

const { server, prefix } = JSON.parse(process.argv[2] ?? '{}');
const client = new LoadClient(server, prefix);

process.on('message', async (/** @type {{ command: string, order: any }} */ message) => {
  const command = /** @type {keyof LoadClient} */ (message.command);
  const before = process.cpuUsage();
  try {
    const result = await /** @type {any} */ (client)[command](message.order);
    const used = process.cpuUsage(before);
    process.send?.({ result, clientMicros: used.user + used.system });
  } catch (error) {
    process.send?.({ error: String(error instanceof Error ? error.stack : error) });
  }
});

// Without the benchmark there is nobody to work for.
process.on('disconnect', () => process.exit());
