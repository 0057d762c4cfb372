import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { LoggerService } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApplicationsReload } from './applications/applications-reload.js';
import type { LoadedConfiguration } from './config/load-configuration.js';
import type { TlsFiles } from './config/server-configuration.js';
import { readTlsFiles, watchTlsFiles, type SecureServer } from './config/tls-files.js';
import { createServer } from './create-server.js';
import { MetricsListenError } from './metrics/page/metrics-listener.js';
import { UnknownDriverError } from './scaling/scaling.module.js';

/** Connections the system may hold until they are accepted: all clients come back at once after a restart. */
const LISTEN_BACKLOG = 4096;

/** A server that listens. */
export interface ListeningServer {
  readonly port: number;
  /** Puts in force what can change while it runs: applications, and the certificate. */
  follow(loaded: LoadedConfiguration): void;
}

/** A start has failed. The message says why, in words where the reason is a common one. */
export class StartError extends Error {}

/**
 * Puts the standalone server together, hands it to `prepare`, and resolves once it listens.
 * @throws StartError when it cannot
 */
export async function startListening(
  loaded: LoadedConfiguration,
  logger: LoggerService,
  prepare: (app: NestFastifyApplication) => void,
): Promise<ListeningServer> {
  const { port, host, tls } = loaded.configuration.listen;
  try {
    // Whatever comes after this is a change.
    const tlsBefore = tls && readTlsFiles(tls);
    const app = await createServer(loaded, logger);
    prepare(app);
    await app.listen({ port, host, backlog: LISTEN_BACKLOG });
    const followTls = followerOfTls(app.getHttpServer() as unknown as SecureServer, tls, tlsBefore);
    return {
      port: (app.getHttpServer().address() as AddressInfo).port,
      follow: ({ applicationsOptions, configuration }) => {
        followTls(configuration.listen.tls);
        app.get(ApplicationsReload).follow(applicationsOptions);
      },
    };
  } catch (error) {
    throw new StartError(reasonOf(error, port), { cause: error });
  }
}

/** Watches the files of the certificate, and then those that it is called with. */
function followerOfTls(
  server: SecureServer,
  tls: TlsFiles | undefined,
  loaded: SecureContextOptions | undefined,
): (files: TlsFiles | undefined) => void {
  let stopWatching = tls && watchTlsFiles(server, tls, { loaded });
  return (files) => {
    if (files === undefined) return;
    const read = readTlsFiles(files);
    server.setSecureContext(read);
    stopWatching?.();
    stopWatching = watchTlsFiles(server, files, { loaded: read });
  };
}

function reasonOf(error: unknown, port: number): string {
  if (error instanceof UnknownDriverError || error instanceof MetricsListenError) {
    return error.message;
  }
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return `Port ${port} is in use. Stop what listens there, or choose another with REVERB_SERVER_PORT.`;
  }
  if (code === 'EACCES') {
    return `Port ${port} needs privileges this process lacks. Choose one above 1023 with REVERB_SERVER_PORT.`;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `REVERB_SERVER_HOST is not an address of this machine (${message}).`;
  }
  return stack ?? String(error);
}
