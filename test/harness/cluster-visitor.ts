import { performance } from 'node:perf_hooks';
import { ConnectionEar, NUMBERED, type Numbered } from './cluster-ear.js';
import type { Seat } from './cluster-model.js';
import { DEFAULT_TIMEOUT_MS, eventually } from './eventually.js';
import { PusherClient, type ReceivedFrame } from './pusher-client.js';
import type { ServerProcess } from './server-process.js';
import { channelAuth } from './signed-request.js';

/** How a visitor differs from one that only listens. */
export interface VisitorOptions {
  /** Signs in on every connection, and watches these users. */
  readonly watchlist?: readonly string[];
}

/**
 * A user's device: it comes to a node, goes, comes to another one and subscribes again to what it
 * wants, as client libraries do. All that it is told is checked.
 */
export class Visitor implements Seat {
  /** What it is subscribed to, or will be when it is connected. */
  readonly channels = new Set<string>();
  /** Where it is, or was last. */
  node: ServerProcess | undefined;
  ear: ConnectionEar;
  private client: PusherClient | undefined;
  private framesHeard = 0;
  private sentEvents = 0;
  private connections = 0;

  constructor(
    readonly userId: string,
    readonly name = userId,
    private readonly options: VisitorOptions = {},
  ) {
    this.ear = new ConnectionEar(userId);
  }

  /** A new visitor, connected. */
  static async at(node: ServerProcess, userId: string, name?: string): Promise<Visitor> {
    const visitor = new Visitor(userId, name);
    await visitor.arrive(node);
    return visitor;
  }

  get isSignedIn(): boolean {
    return this.options.watchlist !== undefined;
  }

  get watchlist(): readonly string[] {
    return this.options.watchlist ?? [];
  }

  get isConnected(): boolean {
    return this.client?.isOpen === true;
  }

  /** How the connection ended. */
  get closed() {
    return this.client?.closed;
  }

  /** Connects to a node, signs in, and asks for what it is subscribed to. */
  async arrive(node: ServerProcess): Promise<void> {
    const client = await connect(node);
    this.client = client;
    this.node = node;
    this.ear = new ConnectionEar(this.userId);
    this.framesHeard = 0;
    this.connections += 1;
    const { watchlist } = this.options;
    if (watchlist !== undefined) client.sendSignin({ id: this.userId, watchlist }, node);
    for (const channel of this.channels) this.ask(channel);
  }

  /** Goes, in order or without a word. What it was told until then has been checked. */
  async depart({ isAbrupt = false } = {}): Promise<void> {
    this.listen();
    const { client } = this;
    if (isAbrupt || client === undefined || client.closed) return this.vanish();
    this.client = undefined;
    await client.close().catch(() => client.terminate());
  }

  /** Goes without a word, and forgets what it was told. */
  async vanish(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    if (client?.closed === undefined) await client?.terminate();
  }

  /** Sends a subscribe; waits for nothing. */
  subscribe(channel: string): void {
    this.channels.add(channel);
    if (this.isConnected) this.ask(channel);
  }

  /** Sends an unsubscribe, and a ping that tells when it was dealt with; waits for nothing. */
  unsubscribe(channel: string): void {
    this.channels.delete(channel);
    if (!this.isConnected) return;
    this.ear.saidFarewell(channel, performance.now());
    this.client!.unsubscribe(channel);
    this.client!.send({ event: 'pusher:ping', data: {} });
  }

  /** Sends a client event, for which it must be subscribed. */
  trigger(channel: string): void {
    const publisher = `${this.name}/${this.connections}`;
    const numbered: Numbered = { publisher, number: ++this.sentEvents };
    this.client?.trigger(`client-${NUMBERED}`, channel, numbered);
  }

  /** Listens to what has arrived. @throws Error when it contradicts what was told before */
  listen(): void {
    const { frames = [] } = this.client ?? {};
    while (this.framesHeard < frames.length) {
      try {
        this.ear.hear(frames[this.framesHeard++]!);
      } catch (error) {
        const { message } = error as Error;
        const text = `${this.name} at port ${this.node?.port}: ${message}${this.contextOf(frames)}`;
        throw new Error(text, { cause: error });
      }
    }
    this.client?.discardPending();
  }

  /** The frames up to the last one that are of the same channel, for the reader of a failed test. */
  private contextOf(frames: readonly ReceivedFrame[]): string {
    const before = frames.slice(0, this.framesHeard);
    const { channel } = before.at(-1)!;
    const alike = before.filter((frame) => frame.channel === channel).slice(-20);
    return alike.map(({ raw, atMs }) => `\n  ${Math.round(atMs)} ${raw.slice(0, 400)}`).join('');
  }

  /** Resolves once all that was asked has been answered. */
  async settled(withinMs = DEFAULT_TIMEOUT_MS): Promise<void> {
    await eventually(
      () => {
        this.listen();
        if (!this.ear.isSettled) throw new Error(`${this.name} waits for an answer.`);
      },
      { withinMs },
    );
  }

  private ask(channel: string): void {
    this.ear.of(channel).asked(performance.now());
    const { socketId } = this.client!;
    const { userId: user_id } = this;
    const member = channel.startsWith('presence-') ? JSON.stringify({ user_id }) : undefined;
    const needsAuth = member !== undefined || channel.startsWith('private-');
    const auth = needsAuth ? channelAuth(this.node!, socketId, channel, member) : {};
    this.client!.sendSubscribe(channel, auth);
  }
}

/** Leaves nothing behind when it does not come to be. */
async function connect(node: ServerProcess): Promise<PusherClient> {
  const options = { autoPong: true, awaitEstablished: false };
  const client = await PusherClient.connect(node, options);
  try {
    await client.expectFrame('pusher:connection_established');
    return client;
  } catch (error) {
    await client.terminate();
    throw error;
  }
}
