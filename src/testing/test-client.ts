import { WebSocket } from 'ws';
import { channelStringToSign, sign, userStringToSign } from '../pusher/protocol/signature.js';
import { AwaitedList, type Patience } from './awaited-list.js';
import { matches } from './matches.js';
import { decoded } from './decoded.js';

/** Whose client it is, and what it signs with in the place of a backend. */
export interface TestCredentials {
  readonly key: string;
  readonly secret: string;
}

/** How a client differs from others. */
export interface TestClientOptions {
  /** Of the upgrade request: cookies, an origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Added to the query of the upgrade request. */
  readonly query?: Readonly<Record<string, string>>;
  /** Answers the pings of the server, as every client does. Default true. */
  readonly answersPings?: boolean;
}

/** Who joins a presence channel. */
export interface TestMember {
  readonly userId: string | number;
  readonly userInfo?: unknown;
}

/** Who signs in. */
export interface TestUser {
  readonly id: string;
  readonly userInfo?: unknown;
  readonly watchlist?: readonly string[];
}

/** What the server sent. */
export interface ReceivedMessage {
  readonly event: string;
  readonly channel: string | undefined;
  /** Decoded, where it was JSON. */
  readonly data: unknown;
  /** Of the member who sent a client event in a presence channel. */
  readonly userId: string | undefined;
}

/** How a connection ended. */
export interface ClosedWith {
  readonly code: number;
  readonly reason: string;
}

const SUCCEEDED = 'pusher_internal:subscription_succeeded';
const REFUSED = 'pusher:subscription_error';

/** A client of a {@link TestServer}. It signs for itself what a backend would sign. */
export class TestClient {
  /** What the server calls the connection. */
  socketId = '';
  /** Undefined while it is open. */
  closed: ClosedWith | undefined;
  private readonly messages = new AwaitedList<ReceivedMessage>(describe);

  private constructor(
    private readonly socket: WebSocket,
    private readonly credentials: TestCredentials,
    answersPings: boolean,
  ) {
    socket.on('message', (bytes: Buffer) => {
      const message = read(bytes.toString());
      this.messages.add(message);
      if (answersPings && message.event === 'pusher:ping') this.send({ event: 'pusher:pong' });
    });
    let fault = '';
    socket.on('error', (error) => (fault = ` (${error.message})`));
    socket.on('close', (code: number, reason: Buffer) => {
      this.closed = { code, reason: reason.toString() };
      this.messages.end(`The connection was closed with ${code} ${reason.toString()}${fault}.`);
    });
  }

  /** Connects. @throws Error with the code and the sentence of a refusal */
  static async connect(
    url: string,
    credentials: TestCredentials,
    { headers, query, answersPings = true }: TestClientOptions = {},
  ): Promise<TestClient> {
    const parameters = new URLSearchParams({ protocol: '7', client: 'revurb-test', ...query });
    const socket = new WebSocket(`${url}/app/${credentials.key}?${parameters}`, { headers });
    const client = new TestClient(socket, credentials, answersPings);
    const { event, data } = await client.messages.take('to be let in', () => true);
    if (event === 'pusher:error') throw new Error(`The server refused: ${JSON.stringify(data)}`);
    client.socketId = String((data as { socket_id: unknown }).socket_id);
    return client;
  }

  /**
   * Subscribes; signs where the channel needs it.
   * @param member for a presence channel
   * @returns what came with the success: who is in a presence channel
   * @throws Error with the type and the sentence of a refusal
   */
  async subscribe(channel: string, member?: TestMember): Promise<unknown> {
    const data = { channel, ...this.authorization(channel, member) };
    const answered = this.messages.take(`an answer about ${channel}`, ({ event, channel: name }) =>
      event === SUCCEEDED ? name === channel : event === REFUSED && (name ?? channel) === channel,
    );
    this.send({ event: 'pusher:subscribe', data });
    const answer = await answered;
    if (answer.event === SUCCEEDED) return answer.data;
    throw new Error(`No subscription to ${channel}: ${JSON.stringify(answer.data)}`);
  }

  unsubscribe(channel: string): void {
    this.send({ event: 'pusher:unsubscribe', data: { channel } });
  }

  /** Signs in as a user. @throws Error when that is refused */
  async signIn({ id, userInfo, watchlist }: TestUser): Promise<void> {
    const userData = JSON.stringify({ id, user_info: userInfo, watchlist });
    const auth = this.signed(userStringToSign(this.socketId, userData));
    this.send({ event: 'pusher:signin', data: { auth, user_data: userData } });
    await this.expectEvent('pusher:signin_success');
  }

  /** Sends a client event. */
  trigger(event: `client-${string}`, channel: string, data: unknown): void {
    this.send({ event, channel, data });
  }

  /** Sends any message, as JSON. */
  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** What has come so far, all of it or that of a channel. */
  received(channel?: string): readonly ReceivedMessage[] {
    return this.messages.all.filter(
      (message) => channel === undefined || message.channel === channel,
    );
  }

  /**
   * Takes the first such message that was not taken yet, or waits for it.
   * @param data as with `TestServer.expectPublished`; anything if it is left out
   */
  expectEvent(
    event: string,
    { channel, data, ...patience }: { channel?: string; data?: unknown } & Patience = {},
  ): Promise<ReceivedMessage> {
    const where = channel === undefined ? '' : ` on ${channel}`;
    return this.messages.take(
      `to get ${event}${where}`,
      (message) =>
        message.event === event &&
        (channel === undefined || message.channel === channel) &&
        (data === undefined || matches(data, message.data)),
      patience,
    );
  }

  /** Waits for the end of the connection. */
  expectClosed(patience?: Patience): Promise<ClosedWith> {
    return this.messages.waitFor('to be closed', () => this.closed, patience);
  }

  /** Resolves when the server has dealt with all that was sent before. */
  async settle(): Promise<void> {
    this.send({ event: 'pusher:ping' });
    await this.expectEvent('pusher:pong');
  }

  /** Closes in order. */
  async close(): Promise<void> {
    this.socket.close(1000);
    await this.expectClosed();
  }

  private authorization(channel: string, member: TestMember | undefined): object {
    if (!/^(private|presence)-/.test(channel)) return {};
    const channelData =
      member && JSON.stringify({ user_id: member.userId, user_info: member.userInfo });
    const auth = this.signed(channelStringToSign(this.socketId, channel, channelData));
    return { auth, channel_data: channelData };
  }

  private signed(text: string): string {
    const { key, secret } = this.credentials;
    return `${key}:${sign(secret, text)}`;
  }
}

function read(text: string): ReceivedMessage {
  const { event, channel, data, user_id: userId } = JSON.parse(text) as Record<string, unknown>;
  return {
    event: String(event),
    channel: channel as string | undefined,
    data: decoded(data),
    userId: userId as string | undefined,
  };
}

function describe({ event, channel, data }: ReceivedMessage): string {
  return [event, channel, JSON.stringify(data)].filter(Boolean).join(' ');
}
