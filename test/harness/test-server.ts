import type { AddressInfo } from 'node:net';
import type { LoggerService } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  loadConfiguration,
  type LoadedConfiguration,
} from '../../src/config/load-configuration.js';
import { createServer } from '../../src/create-server.js';
import { registerForClose } from './eventually.js';
import { TEST_APPLICATION } from './test-application.js';

/** Collects what the server logs, so that a test can look at it. */
export class LogRecord implements LoggerService {
  constructor(
    private readonly all: { level: string; text: string }[] = [],
    private readonly start = 0,
  ) {}

  get lines(): readonly { level: string; text: string }[] {
    return this.all.slice(this.start);
  }

  /** What is logged from now on. */
  fromNow(): LogRecord {
    return new LogRecord(this.all, this.all.length);
  }

  log = (...args: unknown[]) => this.add('log', args);
  error = (...args: unknown[]) => this.add('error', args);
  warn = (...args: unknown[]) => this.add('warn', args);
  debug = (...args: unknown[]) => this.add('debug', args);
  verbose = (...args: unknown[]) => this.add('verbose', args);
  fatal = (...args: unknown[]) => this.add('fatal', args);

  /** Lines of a level, each as one text. */
  of(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ text }) => text);
  }

  private add(level: string, args: unknown[]): void {
    const text = args.map((arg) => (arg instanceof Error ? arg.stack : String(arg))).join(' ');
    this.all.push({ level, text });
  }
}

/** A whole server in this process, on a free port of 127.0.0.1. */
export interface TestServer {
  readonly app: NestFastifyApplication;
  readonly port: number;
  /** For PusherClient. */
  readonly url: string;
  /** For API requests. */
  readonly httpUrl: string;
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
  readonly logs: LogRecord;
  /** Stops the server; a second call does nothing. */
  close(): Promise<void>;
}

/**
 * Starts a server with some variables set, closed by `closeAll()`. Unless `REVERB_APPS` or
 * `REVERB_APPS_FILE` says otherwise it has {@link TEST_APPLICATION}; the drain takes no time.
 */
export async function startServer(variables: Record<string, string> = {}): Promise<TestServer> {
  const server = await serve(loadedWith(variables));
  registerForClose(server.close);
  return { ...server, ...TEST_APPLICATION };
}

/** What such a server is told; the `.env` of a developer must not change what the tests see. */
export function loadedWith(variables: Record<string, string>): LoadedConfiguration {
  const { appId, key, secret } = TEST_APPLICATION;
  const hasApplications = variables.REVERB_APPS ?? variables.REVERB_APPS_FILE;
  return loadConfiguration({
    env: {
      REVERB_SERVER_HOST: '127.0.0.1',
      REVERB_SERVER_PORT: '0',
      REVERB_SHUTDOWN_DRAIN: '0',
      ...(hasApplications
        ? {}
        : { REVERB_APP_ID: appId, REVERB_APP_KEY: key, REVERB_APP_SECRET: secret }),
      ...variables,
    },
    envFilePath: '/dev/null',
    watchIntervalMs: 20,
  });
}

/** Starts a server that only the caller closes. */
export async function serve(
  loaded: LoadedConfiguration,
): Promise<Omit<TestServer, 'appId' | 'key' | 'secret'>> {
  const logs = new LogRecord();
  const app = await createServer(loaded, logs);
  await app.listen(loaded.configuration.listen.port, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  let closing: Promise<void> | undefined;
  const { path } = loaded.configuration.pusher;
  const scheme = loaded.configuration.listen.tls ? 's' : '';
  return {
    app,
    port,
    url: `ws${scheme}://127.0.0.1:${port}${path}`,
    httpUrl: `http${scheme}://127.0.0.1:${port}${path}`,
    logs,
    close: () => (closing ??= app.close()),
  };
}
