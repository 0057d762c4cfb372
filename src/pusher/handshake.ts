import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { WebSocket, WebSocketServer } from 'ws';
import { ApplicationProvider } from '../applications/application-provider.js';
import { DEFAULT_APPLICATION_SETTINGS, type Application } from '../applications/application.js';
import { Connection, type ClientDescription } from '../connections/connection.js';
import { pongFrame } from '../connections/frame.js';
import { SocketIdGenerator } from '../connections/socket-id.js';
import { isLater } from '../scaling/awaitable.js';
import type { ConnectRequest } from './admission.js';
import { AddressLimits } from './address-limits.js';
import { ClientAddress, peerOf } from './client-address.js';
import { ConnectionLifecycle } from './connection.lifecycle.js';
import { withDeadline } from '../deadline.js';
import { answerAndHangUp } from './http/raw-answer.js';
import { originFormOf } from './http/api-routes.js';
import { PUSHER_OPTIONS, type PusherOptions } from './pusher.options.js';
import { parseQuery } from './protocol/signature.js';

const WEB_SOCKET_KEY = /^[+/0-9a-z]{22}==$/i;
const WEB_SOCKET_VERSION = '13';
/** How long a peer may take to answer a close frame before its socket is dropped. */
const CLOSE_TIMEOUT_MS = 5000;
/** Codes of a close (RFC 6455, section 7.4.1). */
const POLICY_VIOLATION = 1008;
const MESSAGE_TOO_BIG = 1009;

/** The types of `ws` do not know its `closeTimeout`, milliseconds. */
type WebSocketOptions = ConstructorParameters<typeof WebSocketServer>[0] & { closeTimeout: number };

/** Told of every connection that was upgraded, before anything was read from it. */
export type OnConnection = (connection: Connection, request: ConnectRequest) => void;

/**
 * Brings what `ws` has to tell straight to the connection: five listeners for each socket would be
 * time at every connect and memory for as long as it stays.
 */
class ConnectionSocket extends WebSocket {
  connection?: Connection;

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    const { connection } = this;
    if (connection === undefined) return super.emit(event, ...values);
    switch (event) {
      case 'message':
        connection.touch();
        connection.inbox.push(values[0] as Buffer);
        break;
      case 'ping':
        connection.touch();
        connection.usesControlFrames = true;
        connection.write(pongFrame(values[0] as Buffer));
        break;
      case 'pong':
        connection.touch();
        connection.usesControlFrames = true;
        break;
      case 'error':
        connection.broken();
        break;
      case 'close':
        connection.closed(values[0] as number, String(values[1] as Buffer));
    }
    return true;
  }

  /** A message in too many fragments is too big; `ws` gives it a code that is none of the protocol. */
  override close(code?: number, reason?: string): void {
    super.close(code === POLICY_VIOLATION ? MESSAGE_TOO_BIG : code, reason);
  }
}

/** Looking up the address of every peer would cost more than is ever read. */
class Client implements ClientDescription {
  constructor(
    readonly library: string,
    readonly version: string,
    readonly origin: string | undefined,
    private readonly forwardedFor: string | undefined,
    private readonly socket: Socket,
  ) {}

  get address(): string {
    return this.forwardedFor ?? peerOf(this.socket);
  }
}

/** Turns upgrade requests into connections. */
@Injectable()
export class Handshake {
  private readonly pathPrefix: string;
  /** Of the server itself, by key: no provider knows them, and they have no API. */
  private readonly reserved = new Map<string, () => Application>();
  /** One for each message limit, since `ws` enforces it while it reads. */
  private readonly servers = new Map<number, WebSocketServer>();

  constructor(
    private readonly applications: ApplicationProvider,
    private readonly lifecycle: ConnectionLifecycle,
    private readonly socketIds: SocketIdGenerator,
    private readonly clients: ClientAddress,
    private readonly limits: AddressLimits,
    @Inject(PUSHER_OPTIONS) private readonly options: PusherOptions,
  ) {
    this.pathPrefix = `${options.path}/app/`;
  }

  /** Lets clients connect with the key of an application that is the server's own. */
  reserve(key: string, find: () => Application): void {
    this.reserved.set(key, find);
  }

  /** The application key that a request wants to connect with; undefined when its path is none of ours. */
  appKeyOf({ url = '' }: IncomingMessage): string | undefined {
    const target = originFormOf(url);
    if (!target.startsWith(this.pathPrefix)) return undefined;
    const question = target.indexOf('?');
    const key = target.slice(this.pathPrefix.length, question < 0 ? undefined : question);
    if (key === '' || key.includes('/')) return undefined;
    if (!key.includes('%')) return key;
    try {
      return decodeURIComponent(key);
    } catch {
      return undefined;
    }
  }

  /** Upgrades a request, or answers why not. */
  upgrade(
    appKey: string,
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    onConnection: OnConnection,
  ): void {
    const fault = faultOf(request);
    if (fault !== undefined) return answerAndHangUp(socket, ...fault);
    const found = this.limits.connectionFault(request) ?? this.find(appKey);
    if (!(found instanceof Promise)) {
      return this.complete(request, socket, head, found, onConnection);
    }
    const onSocketError = () => socket.destroy();
    socket.on('error', onSocketError);
    const complete = async () => {
      const application = await found;
      socket.off('error', onSocketError);
      this.complete(request, socket, head, application, onConnection);
    };
    void complete();
  }

  private find(
    key: string,
  ): ConnectRequest['application'] | Promise<ConnectRequest['application']> {
    try {
      const found = this.reserved.get(key)?.() ?? this.applications.findByKey(key);
      if (!isLater(found)) return found;
      return withDeadline(
        Promise.resolve(found),
        this.options.handshakeTimeoutSeconds * 1000,
      ).catch(asError);
    } catch (error) {
      return asError(error);
    }
  }

  private complete(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    application: ConnectRequest['application'],
    onConnection: OnConnection,
  ): void {
    if (application === undefined) this.limits.requestFailed(request);
    const parameters = parseQuery(queryOf(request));
    const { origin } = request.headers;
    const connect: ConnectRequest = {
      application,
      protocol: parameters.get('protocol'),
      isSecure: this.clients.isSecure(request),
      origin,
      url: request.url ?? '',
      headers: request.headers,
    };
    const client = new Client(
      parameters.get('client') ?? 'unknown',
      parameters.get('version') ?? 'unknown',
      origin,
      this.clients.forwardedFor(request),
      socket,
    );
    // The answer and the first frame leave in one write.
    socket.cork();
    this.serverFor(application).handleUpgrade(
      request,
      socket,
      head,
      (webSocket: ConnectionSocket) => {
        const socketId = this.socketIds.next();
        // Its first interval begins now, not when the coarse clock was last looked at.
        this.lifecycle.clock.advance();
        const connection = new Connection(socketId, client, webSocket, socket, this.lifecycle);
        webSocket.connection = connection;
        onConnection(connection, connect);
      },
    );
    socket.uncork();
  }

  private serverFor(application: Application | Error | undefined): WebSocketServer {
    const { maxMessageSize } =
      application === undefined || application instanceof Error
        ? DEFAULT_APPLICATION_SETTINGS
        : application;
    let server = this.servers.get(maxMessageSize);
    if (server === undefined) {
      const options: WebSocketOptions = {
        noServer: true,
        WebSocket: ConnectionSocket,
        clientTracking: false,
        // Compressed frames could not be shared by all receivers.
        perMessageDeflate: false,
        // Ours counts in the outbox, so that a flood of PINGs is bounded.
        autoPong: false,
        maxPayload: maxMessageSize,
        closeTimeout: CLOSE_TIMEOUT_MS,
      };
      server = new WebSocketServer(options);
      this.servers.set(maxMessageSize, server);
    }
    return server;
  }
}

function queryOf({ url = '' }: IncomingMessage): string {
  const question = url.indexOf('?');
  return question < 0 ? '' : url.slice(question + 1);
}

type UpgradeFault = readonly [status: number, sentence: string, headers?: string];

function faultOf(request: IncomingMessage): UpgradeFault | undefined {
  const { headers } = request;
  if (request.method !== 'GET') return [405, 'Connect with GET.', 'Allow: GET\r\n'];
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    return [400, 'The Upgrade header must be websocket.'];
  }
  if (headers['sec-websocket-version'] !== WEB_SOCKET_VERSION) {
    const header = `Sec-WebSocket-Version: ${WEB_SOCKET_VERSION}\r\n`;
    return [426, `Sec-WebSocket-Version must be ${WEB_SOCKET_VERSION}.`, header];
  }
  if (!WEB_SOCKET_KEY.test(headers['sec-websocket-key'] ?? '')) {
    return [400, 'Sec-WebSocket-Key is missing or malformed.'];
  }
  return undefined;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
