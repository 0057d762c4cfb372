import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTlsSocket, type ConnectionOptions } from 'node:tls';
import { AbstractConnector } from 'ioredis';

/** Where a connector connects to. */
export interface ConnectorOptions {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: ConnectionOptions;
}

/**
 * Makes the sockets of ioredis. Its own connector listens to the first error of a socket only, and ends
 * sockets politely in the middle of a TLS handshake, upon which there is a second one: that would end the
 * process. Here a socket that is not wanted any more is gone at once.
 */
export class LinkConnector extends AbstractConnector {
  private socket?: Socket;

  constructor(private readonly options: unknown) {
    super(0);
  }

  /** Resolves with the socket at once, while it connects. */
  connect(): Promise<Socket> {
    const { host, port, tls } = this.options as ConnectorOptions;
    const socket = tls
      ? connectTlsSocket({ host, port, ...tls })
      : connectSocket({ host, port: port! });
    socket.on('error', (error) => (this.firstError ??= error));
    this.socket = socket;
    return Promise.resolve(socket);
  }

  override disconnect(): void {
    this.socket?.destroy();
  }
}
