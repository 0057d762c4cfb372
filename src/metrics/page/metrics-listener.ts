import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { METRICS_OPTIONS, type MetricsOptions } from '../metrics.options.js';
import { MetricsEndpoint, refuse } from './metrics-endpoint.js';

/** A request is a line and a few headers. */
const REQUEST_TIMEOUT_MS = 10_000;
/** For scrapes that are under way when the server stops. */
const CLOSE_TIMEOUT_MS = 1000;

/** The page cannot have the port it wants. */
export class MetricsListenError extends Error {}

/** Serves the page on a port of its own, if the options say so: until the very end, so that a drain can be watched. */
@Injectable()
export class MetricsListener implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Metrics');
  private server: Server | undefined;

  constructor(
    @Inject(METRICS_OPTIONS) private readonly options: MetricsOptions,
    private readonly endpoint: MetricsEndpoint,
  ) {}

  /** The port it listens on, undefined if it does not. */
  get port(): number | undefined {
    return (this.server?.address() as AddressInfo | null | undefined)?.port;
  }

  /** @throws MetricsListenError when the port cannot be had */
  async onApplicationBootstrap(): Promise<void> {
    const { enabled, port, host, path } = this.options;
    if (!enabled || port === null) return;
    this.server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      const [requested = ''] = (request.url ?? '').split('?');
      if (this.endpoint.isPath(requested)) this.endpoint.serve(request, response);
      else refuse(response, 404, 'There is nothing at this path.');
    });
    try {
      await listen(this.server, port, host);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new MetricsListenError(
        `The metrics page cannot have port ${port} of ${host} (${code}). Choose another with REVERB_METRICS_PORT.`,
        { cause: error },
      );
    }
    this.logger.log('The metrics page listens', { host, port: this.port, path });
  }

  async onApplicationShutdown(): Promise<void> {
    const { server } = this;
    if (server === undefined || !server.listening) return;
    const late = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS).unref();
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(late);
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
