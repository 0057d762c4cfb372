import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { Connection, type ConnectionMessageHandler } from '../connections/connection.js';
import { Handshake, type OnConnection } from './handshake.js';
import { answerAndHangUp } from './http/raw-answer.js';
import { serveAsOrdinary, wantsWebSocket } from './http/ordinary-request.js';
import { PUSHER_GATEWAY_PATH } from './pusher.gateway.js';

/** What the gateway is bound to: emits `connection` with the connection and its request. */
class PusherServer extends EventEmitter {
  close(callback?: () => void): void {
    this.removeAllListeners();
    callback?.();
  }
}

type UpgradeListener = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/**
 * Serves the Pusher gateway on the HTTP port of the application, and leaves all other gateways to
 * Nest's own adapter. Unlike that one it keeps the order of a client's messages, passes on the whole
 * message, and gives guards and handlers a {@link Connection}.
 */
export class PusherWsAdapter extends WsAdapter {
  private readonly handshake: Handshake;
  private readonly pusherServer = new PusherServer();
  /** Stands in for the HTTP server before Nest's adapter, which is told only what is not ours. */
  private readonly otherUpgrades = new EventEmitter();
  private readonly onConnection: OnConnection = (connection, connect) =>
    this.pusherServer.emit('connection', connection, connect);
  private upgradeListener: UpgradeListener | undefined;

  constructor(app: INestApplication) {
    super(app);
    this.handshake = app.get(Handshake, { strict: false });
  }

  override create(port: number, options: Record<string, unknown> = {}) {
    if (options.path !== PUSHER_GATEWAY_PATH) return super.create(port, options);
    this.listenForUpgrades();
    return this.pusherServer;
  }

  override bindClientConnect(server: EventEmitter, callback: (...args: unknown[]) => void): void {
    server.on('connection', callback);
  }

  override bindMessageHandlers(
    client: unknown,
    handlers: Parameters<WsAdapter['bindMessageHandlers']>[1],
    transform: Parameters<WsAdapter['bindMessageHandlers']>[2],
  ): void {
    if (!(client instanceof Connection)) {
      return super.bindMessageHandlers(client, handlers, transform);
    }
    const ours: readonly ConnectionMessageHandler[] = handlers;
    client.handlers = client.handlers.length === 0 ? ours : [...client.handlers, ...ours];
  }

  /** A connection's end is dealt with where it happens, at once; Nest is not needed for that. */
  override bindClientDisconnect(client: unknown, callback: () => void): void {
    if (!(client instanceof Connection)) super.bindClientDisconnect(client, callback);
  }

  override async close(server: unknown): Promise<void> {
    if (server === this.pusherServer) return this.pusherServer.close();
    return super.close(server);
  }

  override async dispose(): Promise<void> {
    if (this.upgradeListener !== undefined) {
      (this.httpServer as Server).off('upgrade', this.upgradeListener);
    }
    await super.dispose();
  }

  protected override ensureHttpServerExists(port: number, httpServer?: Server) {
    if (httpServer === undefined || httpServer !== this.httpServer) {
      return super.ensureHttpServerExists(port, httpServer);
    }
    this.listenForUpgrades();
    return super.ensureHttpServerExists(port, this.otherUpgrades as Server);
  }

  private listenForUpgrades(): void {
    if (this.upgradeListener !== undefined) return;
    this.upgradeListener = (request, socket, head) => this.onUpgrade(request, socket, head);
    (this.httpServer as Server).on('upgrade', this.upgradeListener);
  }

  private onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const server = this.httpServer as Server;
    const isForOthers =
      this.otherUpgrades.listenerCount('upgrade') > 0 || server.listenerCount('upgrade') > 1;
    const appKey = this.handshake.appKeyOf(request);
    if (!wantsWebSocket(request) && !isForOthers) {
      serveAsOrdinary(server, request, socket, head);
    } else if (appKey !== undefined) {
      this.handshake.upgrade(appKey, request, socket, head, this.onConnection);
    } else if (isForOthers) {
      this.otherUpgrades.emit('upgrade', request, socket, head);
    } else {
      answerAndHangUp(socket, 404, 'Nothing can be connected to at this path.');
    }
  }
}
