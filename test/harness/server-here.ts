import type { ClusterNode } from './node-cluster.js';
import type { LaunchOptions } from './server-process.js';
import { startServer, type TestServer } from './test-server.js';

/** A node of a cluster in the process of the test. It can be stopped, but neither killed nor paused. */
export class ServerHere implements ClusterNode {
  exit?: number;
  readonly port: number;
  readonly url: string;
  readonly httpUrl: string;
  readonly appId: string;
  readonly key: string;
  readonly secret: string;

  private constructor(private readonly server: TestServer) {
    ({
      port: this.port,
      url: this.url,
      httpUrl: this.httpUrl,
      appId: this.appId,
      key: this.key,
      secret: this.secret,
    } = server);
  }

  /** Resolves once it listens. */
  static async start({ variables = {} }: Pick<LaunchOptions, 'variables'>): Promise<ServerHere> {
    const given = Object.entries(variables).filter(([, value]) => value !== undefined);
    return new ServerHere(await startServer(Object.fromEntries(given) as Record<string, string>));
  }

  kill(signal: NodeJS.Signals): void {
    if (signal !== 'SIGTERM') throw new Error(`${signal} would hit the process of the test.`);
    void this.ended();
  }

  /** Closes it, if nobody did. */
  async ended(): Promise<number> {
    await this.server.close();
    return (this.exit = 0);
  }
}
