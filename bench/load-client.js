// @ts-check
/**
 * The load: subscribers and publisher in a process of their own, told what to do over IPC by
 * load-driver.js. It shares the machine with the server, hence raw sockets and byte searches.
 */
import { Backlog } from './load/backlog.js';
import { Crowd } from './load/crowd.js';
import { Publisher } from './load/publisher.js';
import { PublishPhase } from './load/publish-phase.js';
import { Room } from './load/room.js';
import { clientEventRoute, publishRoute } from './load/routes.js';
import { SubscriberPool } from './load/subscriber-pool.js';

/** @typedef {import('./load/raw-connection.js').Server} Server */
/** @typedef {import('./load/subscriber.js').Subscriber} Subscriber */

/**
 * @typedef {object} PublishOrder
 * @property {number} messages
 * @property {number} inFlight at most so many publishes not yet received by everybody
 * @property {number} [perSecond] so many and no more
 * @property {number} size bytes of data
 * @property {'first' | 'spread' | 'turns' | 'nobody'} to the first channel, one message to each of as
 *   many channels spread over all, all channels in turn, or a channel without subscribers
 */

/** @typedef {{ from: number, to: number }} LastDigits of the connections, from one to below another */

class LoadClient {
  /** @type {PublishPhase | Backlog | undefined} */
  #phase;
  /** @type {Subscriber[]} who stopped reading */
  #stopped = [];
  /** @type {number[]} the messages of the last phase in the order they arrived in */
  #witnessed = [];
  /** @type {Map<number, Publisher>} by number of connections */
  #publishers = new Map();
  #sequence = 0;
  #nobody;
  #pool;
  #crowd;
  #room;
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
    this.#room = new Room(last, (problem) => this.#pool.report(problem));
    this.#pool = new SubscriberPool(last, (subscriber, bytes, start, end) => {
      const channel = subscriber.isMember ? this.#pool.channels[subscriber.channel] : '';
      if (this.#phase) this.#phase.receive(subscriber, channel ?? '', bytes, start, end);
      else this.#pool.report(`an event nobody published: ${bytes.toString('utf8', start, end)}`);
    });
  }

  /** @param {{ count: number, membersPerChannel: number, isPrivate?: boolean }} order */
  async open({ count, membersPerChannel, isPrivate = false }) {
    const prefix = `${isPrivate ? 'private-' : ''}${this.prefix}-${count}`;
    return { ready: await this.#pool.open(count, membersPerChannel, prefix) };
  }

  /** @param {PublishOrder} order */
  publish({ to, ...order }) {
    const { channels, members } = this.#pool;
    const route = publishRoute(this.#publisher(order.inFlight));
    return this.#play({ ...order, route, isOneChannel: to === 'first' }, (message) => {
      if (to === 'nobody') return { name: this.#nobody, receivers: 0 };
      const channel = {
        first: 0,
        spread: Math.floor((message * channels.length) / order.messages),
        turns: message % channels.length,
      }[to];
      return { name: channels[channel] ?? '', receivers: members[channel] ?? 0 };
    });
  }

  /**
   * The members of each channel, in turn, send a client event to the others.
   * @param {{ messages: number, inFlight: number, size: number }} order
   */
  converse(order) {
    const { channels, members, subscribers } = this.#pool;
    const inEach = subscribers.length / channels.length;
    const route = clientEventRoute((message) => {
      const turn = Math.floor(message / channels.length) % inEach;
      const sender = subscribers[(message % channels.length) * inEach + turn];
      return /** @type {Subscriber} */ (sender);
    });
    return this.#play({ ...order, route, isOneChannel: false }, (message) => {
      const channel = message % channels.length;
      return { name: channels[channel] ?? '', receivers: (members[channel] ?? 0) - 1 };
    });
  }

  /**
   * Further subscribers of the first channel, who then stop reading.
   * @param {{ count: number }} order
   */
  async openStopping({ count }) {
    this.#stopped = await this.#pool.openStopping(count);
    return { count: this.#stopped.length };
  }

  /**
   * Those who stopped read on. The last phase was for them, and for the others of the first channel.
   * @param {{ size: number }} order bytes of data
   */
  async readOn({ size }) {
    const backlog = new Backlog({
      stopped: this.#stopped,
      event: publishRoute(this.#publisher(1)).event,
      channel: this.#pool.channels[0] ?? '',
      messages: this.#witnessed,
      size,
    });
    this.#phase = backlog;
    this.#pool.onStoppedEnd = (subscriber, code) => backlog.ended(subscriber, code);
    const result = await backlog.run();
    this.#phase = undefined;
    return result;
  }

  /** @param {{ channel: string, members: number, visitors: number }} order */
  openRoom(order) {
    return this.#room.open(order);
  }

  enter() {
    return this.#room.enter();
  }

  exit() {
    return this.#room.exit();
  }

  /** @param {LastDigits} order */
  unsubscribe({ from, to }) {
    return { count: this.#pool.unsubscribe(from, to) };
  }

  /** @param {LastDigits} order */
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

  /**
   * @param {Omit<PublishOrder, 'to'> & {
   *   route: import('./load/routes.js').Route, isOneChannel: boolean }} order
   * @param {(message: number) => { name: string, receivers: number }} channelOf
   */
  async #play(order, channelOf) {
    const phase = new PublishPhase({
      ...order,
      first: this.#sequence,
      subscribers: this.#pool.subscribers.length,
      channelOf,
      onProblem: (problem) => this.#pool.report(problem),
    });
    this.#phase = phase;
    this.#sequence += order.messages;
    const result = await phase.run();
    this.#phase = undefined;
    this.#witnessed = phase.witnessed;
    return result;
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
