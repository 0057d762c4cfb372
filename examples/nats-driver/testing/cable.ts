import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { NatsServer } from './nats-server.js';

/** What one node reaches NATS through, so that it alone can be cut off. */
export class Cable {
  private readonly ends = new Set<Socket>();
  private isCut = false;

  private constructor(private readonly server: Server) {}

  /** Leads to a server. */
  static async to(nats: NatsServer): Promise<Cable> {
    const [host, port] = nats.address.split(':');
    const server = createServer();
    const cable = new Cable(server);
    server.on('connection', (near) => {
      cable.add(near);
      if (cable.isCut) return near.destroy();
      const far = connect(Number(port), host);
      cable.add(far);
      near.pipe(far).pipe(near);
      near.once('close', () => far.destroy());
      far.once('close', () => near.destroy());
      return undefined;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return cable;
  }

  /** `127.0.0.1:port` */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Nothing comes through any more. */
  cut(): void {
    this.isCut = true;
    for (const end of this.ends) end.destroy();
  }

  /** It can be connected through again. */
  mend(): void {
    this.isCut = false;
  }

  /** For good. */
  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private add(end: Socket): void {
    this.ends.add(end);
    end.on('error', () => undefined);
    end.once('close', () => this.ends.delete(end));
  }
}
