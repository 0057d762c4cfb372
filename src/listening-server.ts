import type { AddressInfo } from 'node:net';
import type { LoggerService } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { LoadedConfiguration } from './config/load-configuration.js';
import { readTlsFiles, watchTlsFiles, type SecureServer } from './config/tls-files.js';
import { createServer } from './create-server.js';
import { UnknownDriverError } from './scaling/scaling.module.js';

/** Connections the system may hold until they are accepted: all clients come back at once after a restart. */
const LISTEN_BACKLOG = 4096;

/** A start has failed. The message says why, in words where the reason is a common one. */
export class StartError extends Error {}

/**
 * Puts the standalone server together, hands it to `prepare`, and resolves with its port once it listens.
 * @throws StartError when it cannot
 */
export async function startListening(
  loaded: LoadedConfiguration,
  logger: LoggerService,
  prepare: (app: NestFastifyApplication) => void,
): Promise<number> {
  const { port, host, tls } = loaded.configuration.listen;
  try {
    // Whatever comes after this is a change.
    const tlsBefore = tls && readTlsFiles(tls);
    const app = await createServer(loaded, logger);
    prepare(app);
    await app.listen({ port, host, backlog: LISTEN_BACKLOG });
    if (tls !== undefined) {
      const server = app.getHttpServer() as unknown as SecureServer;
      watchTlsFiles(server, tls, { loaded: tlsBefore });
    }
    return (app.getHttpServer().address() as AddressInfo).port;
  } catch (error) {
    throw new StartError(reasonOf(error, port), { cause: error });
  }
}

function reasonOf(error: unknown, port: number): string {
  if (error instanceof UnknownDriverError) return error.message;
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
