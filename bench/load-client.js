// @ts-check
/**
 * The load: subscribers and publisher in a process of their own, told what to do over IPC by
 * load-driver.js. It shares the machine with the server, hence raw sockets and byte searches.
 */
import { Crowd } from './load/crowd.js';
import { Publisher } from './load/publisher.js';
import { PublishPhase } from './load/publish-phase.js';
import { SubscriberPool } from './load/subscriber-pool.js';

/** @typedef {import('./load/raw-connection.js').Server} Server */
/** @typedef {import('./load/subscriber.js').Subscriber} Subscriber */

/**
 * @typedef {object} PublishOrder
 * @property {number} messages
 * @property {number} inFlight at most so many publishes not yet received by everybody
 * @property {number} [perSecond] so many and no more
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
  #crowd;
  #server;

  /**
   * Publishes to the first node, for subscribers on the last.
   * @param {Server[]} nodes
   * @param {string} prefix of all channel names
   */
  constructor(nodes, prefix) {
    const [first, last] = [nodes[0], nodes.at(-1)];
    if (!first || !last) throw new Error('there is no server to load');
    this.#server = first;
    this.#nobody = `${prefix}-nobody`;
    this.prefix = prefix;
    this.#crowd = new Crowd(nodes, (problem) => this.#pool.report(problem));
    this.#pool = new SubscriberPool(last, (subscriber, bytes, start, end) => {
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
  async publish({ messages, inFlight, perSecond, size, to }) {
    const { channels, members, subscribers } = this.#pool;
    this.#phase = new PublishPhase({
      publisher: this.#publisher(inFlight),
      first: this.#sequence,
      messages,
      inFlight,
      perSecond,
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

  /** @param {{ channel: string, members: number, others: number }} order */
  gather(order) {
    return this.#crowd.gather(order);
  }

  /** @param {{ channel: string, times: number, who: 'newcomer' | 'member' }} order */
  join(order) {
    return this.#crowd.join(order);
  }

  /** @param {{ sockets: number, channelsEach: number, membersPerRoom: number }} order */
  occupy(order) {
    return this.#crowd.occupy({ prefix: this.prefix, ...order });
  }

  memberFrames() {
    return this.#crowd.memberFrames();
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

const { nodes, prefix } = JSON.parse(process.argv[2] ?? '{}');
const client = new LoadClient(nodes, prefix);

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
