import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { ChangeSignal, DEFAULT_TIMEOUT_MS, registerForClose } from './eventually.js';
import { channelAuth, parseJson, userAuth } from './signed-request.js';
import type { Credentials, Json } from './signed-request.js';

export { closeAll } from './eventually.js';
export { authSignature, channelAuth, userAuth } from './signed-request.js';
export type { Credentials, Json } from './signed-request.js';

/** The names under which WebSocket PINGs and PONGs stand among the frames; the payload is `raw`. */
export const WEBSOCKET_PING = 'websocket:ping';
export const WEBSOCKET_PONG = 'websocket:pong';

/** The WebSocket side of an application; `url` may end in the configured prefix. */
export interface ConnectTarget {
  url: string;
  key: string;
}

/** How a test's client differs from a stock one. */
export interface ConnectOptions {
  /** Laid over what stock clients send; undefined removes one, false removes the whole query. */
  query?: Record<string, string | number | undefined> | false;
  /** Replaces `{prefix}/app/{key}`. */
  path?: string;
  headers?: Record<string, string>;
  rejectUnauthorized?: boolean;
  /** Answers `pusher:ping` as client libraries do; such pings need not be expected. Default false. */
  autoPong?: boolean;
  /** Answers WebSocket PINGs, as every WebSocket does. Default true. */
  answersControlPings?: boolean;
  /** Resolves only after `pusher:connection_established`. Default true. */
  awaitEstablished?: boolean;
}

/** One frame as it arrived. */
export interface ReceivedFrame {
  /** The text on the wire, for what must be compared to the letter. */
  readonly raw: string;
  readonly event: string;
  readonly channel?: string;
  readonly data?: Json;
  readonly user_id?: Json;
  /** `data`, decoded if it is a string holding JSON. */
  readonly json: Json;
  /** The whole frame, decoded. */
  readonly envelope: Json;
  readonly isBinary: boolean;
  /** When it arrived, on the clock of `performance.now()`. */
  readonly atMs: number;
}

/** How the connection ended. */
export interface ClosedWith {
  code: number;
  reason: string;
  atMs: number;
}

/** A connection refused the Pusher way: first the error frame, then the close. */
export interface RefusedConnection {
  errorFrame: ReceivedFrame;
  closeCode: number;
  closeReason: string;
  client: PusherClient;
}

/** How an upgrade was refused in plain HTTP. */
export interface FailedUpgrade {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** An event name, the fields a frame must have, or a question asked of each frame. */
export type FrameMatcher =
  string | { event?: string; channel?: string } | ((frame: ReceivedFrame) => boolean);

/** A member of a presence channel. */
export interface PresenceMember {
  user_id: Json;
  user_info?: Json;
}

type Auth = string | { auth?: Json; channel_data?: Json };

/** Frames in the order of arrival; each waits until one expectation takes it. */
class FrameLog {
  readonly all: ReceivedFrame[] = [];
  pending: ReceivedFrame[] = [];

  /** Reads and keeps what a WebSocket message said. */
  addMessage(raw: string, isBinary: boolean): ReceivedFrame {
    const envelope = parseJson(raw);
    const { event = '(no event)', data, ...rest } = envelope ?? {};
    const json = typeof data === 'string' ? (parseJson(data) ?? data) : data;
    return this.add({ ...rest, event: String(event), data, json, raw, envelope, isBinary });
  }

  addControl(event: string, payload: Buffer): ReceivedFrame {
    const raw = payload.toString('utf8');
    return this.add({ event, raw, json: undefined, envelope: undefined, isBinary: true });
  }

  /** Takes the first waiting frame that fits. */
  take(fits: (frame: ReceivedFrame) => boolean): ReceivedFrame | undefined {
    const index = this.pending.findIndex(fits);
    return index < 0 ? undefined : this.pending.splice(index, 1)[0];
  }

  /** The last frames, a line each, for a message to the reader of a failed test. */
  describe(): string {
    const pending = new Set(this.pending);
    const lines = this.all.slice(-50).map((frame) => {
      const text = frame.event.startsWith('websocket:') ? frame.event : frame.raw;
      const short = text.length > 300 ? `${text.slice(0, 300)}...` : text;
      return `\n  ${short}${pending.has(frame) ? '' : ' (taken)'}`;
    });
    const omitted = this.all.length > lines.length ? `\n  (${this.all.length} in all)` : '';
    return omitted + lines.join('') || ' nothing';
  }

  private add(arrived: Omit<ReceivedFrame, 'atMs'>): ReceivedFrame {
    const frame = { ...arrived, atMs: performance.now() };
    this.all.push(frame);
    this.pending.push(frame);
    return frame;
  }
}

/**
 * A Pusher client that does nothing by itself and remembers everything. Each frame
 * stands for one expectation only, which takes it; they are taken in the order of arrival.
 */
export class PusherClient {
  /** From `pusher:connection_established`; empty and 0 before. */
  socketId = '';
  activityTimeout = 0;
  /** Code and reason of the close, once the connection is gone; 1006 for a TCP drop. */
  closed?: ClosedWith;
  private upgradeFailure?: FailedUpgrade;
  private socketError?: string;
  private readonly log = new FrameLog();
  private readonly changes = new ChangeSignal();

  private constructor(
    private readonly socket: WebSocket,
    private readonly autoPong: boolean,
  ) {
    const forget = registerForClose(() => this.terminate());
    socket.on('open', () => this.changes.notify());
    socket.on('message', (bytes, isBinary) => {
      this.hear(this.log.addMessage(bytes.toString(), isBinary));
    });
    socket.on('ping', (payload) => this.hear(this.log.addControl(WEBSOCKET_PING, payload)));
    socket.on('pong', (payload) => this.hear(this.log.addControl(WEBSOCKET_PONG, payload)));
    socket.on('error', (error) => (this.socketError = error.message));
    socket.on('unexpected-response', (_request, response) => void this.readRefusal(response));
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason), atMs: performance.now() };
      forget();
      this.changes.notify();
    });
  }

  /** Connects like a stock client, and rejects when the server refuses. */
  static async connect(target: ConnectTarget, options: ConnectOptions = {}): Promise<PusherClient> {
    const client = PusherClient.dial(target, options);
    await client.waitFor('to be upgraded', () => client.isOpen || undefined);
    if (options.awaitEstablished ?? true) {
      await client.expectFrame('pusher:connection_established');
    }
    return client;
  }

  /** Connects where the server must refuse: with a `pusher:error` and then a close. */
  static async refused(
    target: ConnectTarget,
    options: ConnectOptions = {},
  ): Promise<RefusedConnection> {
    const client = await PusherClient.connect(target, { ...options, awaitEstablished: false });
    const errorFrame = await client.waitFor('to be refused', () => client.log.take(() => true));
    if (errorFrame.event !== 'pusher:error') {
      throw new Error(`Expected a pusher:error as first frame. ${client.describe()}`);
    }
    const { code, reason } = await client.waitFor('to be closed', () => client.closed);
    return { errorFrame, closeCode: code, closeReason: reason, client };
  }

  /** Connects where the server must answer the upgrade in plain HTTP. */
  static async failedUpgrade(
    target: ConnectTarget,
    options?: ConnectOptions,
  ): Promise<FailedUpgrade> {
    const client = PusherClient.dial(target, options);
    return client.waitFor('not to be upgraded', () => client.upgradeFailure);
  }

  private static dial({ url, key }: ConnectTarget, options: ConnectOptions = {}): PusherClient {
    const { query = {}, path, headers = {}, autoPong = false } = options;
    const full = new URL(path ?? `${url.replace(/\/$/, '')}/app/${key}`, url);
    const params = query && { protocol: 7, client: 'js', version: '8.6.0', flash: false, ...query };
    for (const [name, value] of Object.entries(params || {})) {
      if (value !== undefined) {
        full.searchParams.set(name, String(value));
      }
    }
    const socket = new WebSocket(full, {
      headers,
      perMessageDeflate: false,
      handshakeTimeout: DEFAULT_TIMEOUT_MS,
      autoPong: options.answersControlPings ?? true,
      rejectUnauthorized: options.rejectUnauthorized ?? true,
    });
    return new PusherClient(socket, autoPong);
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** Every frame in the order of arrival, taken or not. */
  get frames(): readonly ReceivedFrame[] {
    return this.log.all;
  }

  /** What arrived and was not taken yet. */
  get pendingFrames(): readonly ReceivedFrame[] {
    return this.log.pending;
  }

  /** All frames so far that match, taken or not. */
  framesLike(matcher: FrameMatcher): ReceivedFrame[] {
    return this.log.all.filter(matching(matcher));
  }

  /** Declares everything that arrived so far as uninteresting. */
  discardPending(): void {
    this.log.pending = [];
  }

  /** Strings go out as they are, bytes as a binary frame, objects as JSON. */
  send(message: object | string | Buffer): void {
    const isRaw = typeof message === 'string' || Buffer.isBuffer(message);
    this.socket.send(isRaw ? message : JSON.stringify(message));
  }

  /** Takes the first frame not yet taken that matches. */
  async expectFrame(
    matcher: FrameMatcher,
    { channel, timeoutMs }: { channel?: string; timeoutMs?: number } = {},
  ): Promise<ReceivedFrame> {
    const fits = matching(matcher);
    const where = channel === undefined ? '' : ` on ${channel}`;
    const find = (): ReceivedFrame | undefined =>
      this.log.take((frame) => fits(frame) && (channel === undefined || frame.channel === channel));
    return this.waitFor(`to get ${named(matcher)}${where}`, find, timeoutMs);
  }

  /** No matching frame waits to be taken, and none arrives for `forMs`. */
  async expectNoFrame(matcher: FrameMatcher, forMs = 200): Promise<void> {
    const find = (): ReceivedFrame | undefined => this.log.pending.find(matching(matcher));
    if (await this.changes.waitFor(find, forMs, () => this.closed !== undefined)) {
      throw new Error(`Expected not to get ${named(matcher)}. ${this.describe()}`);
    }
  }

  /** Nothing waits to be taken, and for `forMs` nothing arrives, not even a PING or a close. */
  async expectSilence(forMs = 200): Promise<void> {
    const wasOpen = this.isOpen;
    await this.expectNoFrame(() => true, forMs);
    if (wasOpen && this.closed) {
      throw new Error(`Expected silence, but the connection closed. ${this.describe()}`);
    }
  }

  /** Takes the `pusher:error` with this code. */
  async expectError(code: number, timeoutMs?: number): Promise<ReceivedFrame> {
    const fits = ({ event, json }: ReceivedFrame): boolean =>
      event === 'pusher:error' && json?.code === code;
    return this.waitFor(`to get pusher:error ${code}`, () => this.log.take(fits), timeoutMs);
  }

  /** The connection is or gets closed with this code. */
  async expectClose(code: number, timeoutMs?: number): Promise<ClosedWith> {
    const closed = await this.waitFor(`to be closed (${code})`, () => this.closed, timeoutMs);
    if (closed.code !== code) {
      throw new Error(`Expected to be closed with ${code}. ${this.describe()}`);
    }
    return closed;
  }

  /** Asks for a subscription and waits for nothing. */
  sendSubscribe(channel: Json, auth: Auth = {}): void {
    const fields = typeof auth === 'string' ? { auth } : auth;
    this.send({ event: 'pusher:subscribe', data: { channel, ...fields } });
  }

  /** Subscribes and takes the success frame; rejects on a `pusher:subscription_error`. */
  async subscribe(channel: string, auth?: Auth): Promise<ReceivedFrame> {
    const answer = await this.subscribeAnswer(channel, auth);
    if (answer.event === SUBSCRIPTION_ERROR) {
      throw new Error(`Expected to subscribe to ${channel}. ${this.describe()}`);
    }
    return answer;
  }

  /** Asks for a subscription that must fail and takes the `pusher:subscription_error`. */
  async subscribeRefused(channel: Json, auth?: Auth): Promise<ReceivedFrame> {
    const answer = await this.subscribeAnswer(channel, auth);
    if (answer.event !== SUBSCRIPTION_ERROR) {
      throw new Error(`Expected not to be let into ${String(channel)}. ${this.describe()}`);
    }
    return answer;
  }

  async subscribePrivate(channel: string, credentials: Credentials): Promise<ReceivedFrame> {
    return this.subscribe(channel, channelAuth(credentials, this.socketId, channel));
  }

  /** `member` as a string is signed and sent as it is. */
  async subscribePresence(
    channel: string,
    member: PresenceMember | string,
    credentials: Credentials,
  ): Promise<ReceivedFrame> {
    return this.subscribe(channel, this.presenceAuth(channel, member, credentials));
  }

  /** The signed fields for a presence channel, to be spoilt or sent with `sendSubscribe`. */
  presenceAuth(channel: string, member: PresenceMember | string, credentials: Credentials) {
    return channelAuth(credentials, this.socketId, channel, asText(member));
  }

  /** Signs in and takes `pusher:signin_success`; strings are signed and sent as they are. */
  async signin(userData: object | string, credentials: Credentials): Promise<ReceivedFrame> {
    this.sendSignin(userData, credentials);
    return this.expectFrame('pusher:signin_success');
  }

  /** Asks to sign in and waits for nothing. */
  sendSignin(userData: object | string, credentials: Credentials): void {
    const data = userAuth(credentials, this.socketId, asText(userData));
    this.send({ event: 'pusher:signin', data });
  }

  unsubscribe(channel: string): void {
    this.send({ event: 'pusher:unsubscribe', data: { channel } });
  }

  /** Sends a client event; `data` undefined is left out. */
  trigger(event: string, channel: string, data?: Json): void {
    this.send({ event, channel, data });
  }

  /**
   * A `pusher:ping` and the `pusher:pong` for it: all that this client sent before has been dealt
   * with. Not to be mixed with pings sent by hand whose pongs are still on the way.
   */
  async roundTrip(timeoutMs?: number): Promise<ReceivedFrame> {
    const find = this.takeLater(({ event }) => event === 'pusher:pong');
    this.send({ event: 'pusher:ping', data: {} });
    return this.waitFor('to get pusher:pong', find, timeoutMs);
  }

  /** A WebSocket PING and the PONG for it. */
  async ping(payload = ''): Promise<ReceivedFrame> {
    const find = this.takeLater(({ event, raw }) => event === WEBSOCKET_PONG && raw === payload);
    this.socket.ping(payload);
    return this.waitFor('to get a PONG', find);
  }

  /** Closes in order and resolves when the server agreed. */
  async close(code = 1000, reason = ''): Promise<ClosedWith> {
    this.resumeReading();
    this.socket.close(code, reason);
    return this.waitFor('to have the close answered', () => this.closed);
  }

  /** Drops the TCP connection without a word. */
  async terminate(): Promise<void> {
    this.socket.terminate();
    await this.changes.waitFor(() => this.closed);
  }

  /** Reads no more, so that the server's writes pile up. */
  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  private async subscribeAnswer(channel: Json, auth?: Auth): Promise<ReceivedFrame> {
    const find = this.takeLater(
      (frame) =>
        (frame.event === SUBSCRIPTION_SUCCEEDED && frame.channel === channel) ||
        (frame.event === SUBSCRIPTION_ERROR && (frame.channel ?? channel) === channel),
    );
    this.sendSubscribe(channel, auth);
    return this.waitFor(`to get an answer about ${JSON.stringify(channel)}`, find);
  }

  /** Takes only what is not there yet: an answer to what is about to be sent. */
  private takeLater(fits: (frame: ReceivedFrame) => boolean): () => ReceivedFrame | undefined {
    const before = new Set(this.log.pending);
    return () => this.log.take((frame) => !before.has(frame) && fits(frame));
  }

  private async waitFor<T>(what: string, find: () => T | undefined, timeoutMs?: number) {
    const isOver = (): boolean => this.closed !== undefined || this.upgradeFailure !== undefined;
    const found = await this.changes.waitFor(find, timeoutMs, isOver);
    if (found === undefined) {
      throw new Error(`Expected ${what}. ${this.describe()}`);
    }
    return found;
  }

  private hear(frame: ReceivedFrame): void {
    if (frame.event === 'pusher:connection_established') {
      this.socketId = String(frame.json?.socket_id);
      this.activityTimeout = Number(frame.json?.activity_timeout);
    }
    if (frame.event === 'pusher:ping' && this.autoPong) {
      this.log.take((waiting) => waiting === frame);
      this.send({ event: 'pusher:pong', data: {} });
    }
    this.changes.notify();
  }

  private async readRefusal(response: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response) {
        chunks.push(chunk as Buffer);
      }
    } catch (error) {
      this.socketError = String(error);
    }
    const { statusCode = 0, headers } = response;
    this.upgradeFailure = { status: statusCode, headers, text: Buffer.concat(chunks).toString() };
    await this.terminate();
  }

  private describe(): string {
    const { closed, upgradeFailure: failure, socketError } = this;
    const state = [
      closed ? `closed with ${closed.code} ${JSON.stringify(closed.reason)}` : 'open',
      ...(failure ? [`upgrade answered with HTTP ${failure.status} ${failure.text}`] : []),
      ...(socketError ? [socketError] : []),
    ];
    return `Connection ${state.join(', ')}; it received:${this.log.describe()}`;
  }
}

const SUBSCRIPTION_SUCCEEDED = 'pusher_internal:subscription_succeeded';
const SUBSCRIPTION_ERROR = 'pusher:subscription_error';

function matching(matcher: FrameMatcher): (frame: ReceivedFrame) => boolean {
  if (typeof matcher === 'function') {
    return matcher;
  }
  const wanted: { event?: string; channel?: string } =
    typeof matcher === 'string' ? { event: matcher } : matcher;
  return (frame) =>
    (wanted.event === undefined || frame.event === wanted.event) &&
    (wanted.channel === undefined || frame.channel === wanted.channel);
}

function named(matcher: FrameMatcher): string {
  if (typeof matcher === 'function') {
    return 'a frame of a certain kind';
  }
  return typeof matcher === 'string' ? matcher : JSON.stringify(matcher);
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
