import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { registerForClose } from './eventually.js';

/** The way to a server, which can be closed: connections through it are cut, and new ones refused. */
export class TcpGate {
  private readonly sockets = new Set<Socket>();
  private isOpen = true;

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (socket) => this.admit(socket));
    registerForClose(() => this.end());
  }

  static async to(target: { readonly host: string; readonly port: number }): Promise<TcpGate> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TcpGate(server, target);
  }

  get host(): string {
    return '127.0.0.1';
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  open(): void {
    this.isOpen = true;
  }

  shut(): void {
    this.isOpen = false;
    for (const socket of this.sockets) socket.destroy();
  }

  private admit(socket: Socket): void {
    if (!this.isOpen) {
      socket.destroy();
      return;
    }
    const { host, port } = this.target;
    const outward = connect({ host, port, noDelay: true });
    for (const [end, other] of [
      [socket, outward],
      [outward, socket],
    ] as const) {
      this.sockets.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        this.sockets.delete(end);
        other.destroy();
      });
    }
    socket.pipe(outward).pipe(socket);
  }

  private async end(): Promise<void> {
    this.shut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
