import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { announcementOf, bannerOf, endpointOf } from './banner.js';
import type { LoadedConfiguration } from './config/load-configuration.js';
import { MetricsListenError } from './metrics/page/metrics-listener.js';
import { packageVersion } from './package-version.js';
import { watchTlsFiles, type SecureServer } from './config/tls-files.js';
import { createServer } from './create-server.js';
import { ClusterService } from './scaling/cluster.service.js';
import { UnknownDriverError } from './scaling/scaling.module.js';
import { ServerLogger } from './server-logger.js';

/** Connections the system may hold until they are accepted: all clients come back at once after a restart. */
const LISTEN_BACKLOG = 4096;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const;

/**
 * Runs the server until a signal ends it: the first one drains it and ends the process with 0, a
 * second one ends it at once with 1. A start that fails says why and ends it with 1.
 */
export async function bootstrap(loaded: LoadedConfiguration): Promise<void> {
  const { configuration } = loaded;
  const serverLogger = new ServerLogger(configuration.log);
  const logger = new Logger('Server');
  Logger.overrideLogger(serverLogger);
  outliveReaders();
  try {
    for (const warning of configuration.warnings) logger.warn(warning);
    const app = await createServer(loaded, serverLogger);
    stopWhenAsked(app, logger);
    const { port, host } = configuration.listen;
    await app.listen({ port, host, backlog: LISTEN_BACKLOG });
    const { tls } = configuration.listen;
    if (tls !== undefined) watchTlsFiles(app.getHttpServer() as unknown as SecureServer, tls);
    announce(loaded, (app.getHttpServer().address() as AddressInfo).port, logger);
  } catch (error) {
    logger.fatal(startFault(error, configuration.listen.port));
    process.exit(1);
  }
}

/** Whoever reads the log and goes away, as `head` at the end of a pipe does, does not take the server along. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

function announce({ configuration }: LoadedConfiguration, port: number, logger: Logger): void {
  const endpoint = endpointOf(configuration, port);
  const announcement = announcementOf(configuration, configuration.applications, endpoint);
  if (configuration.log.format === 'json') logger.log('The server listens', announcement);
  else process.stdout.write(`${bannerOf(announcement, endpoint, packageVersion())}\n`);
}

/** A signal stops the server, and so does `revurb restart`, which trusts a process manager to start it again. */
function stopWhenAsked(app: NestFastifyApplication, logger: Logger): void {
  let isStopping = false;
  const stop = async (reason: string) => {
    isStopping = true;
    logger.log(reason);
    try {
      await app.close();
      process.exit(0);
    } catch (error) {
      logger.error('The server did not close properly', error);
      process.exit(1);
    }
  };
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      void stop(`${signal}: the server is closing, again to stop at once`);
    });
  }
  app.get(ClusterService).listen({
    onRestart: () => {
      if (!isStopping) void stop('A restart was asked for: the server is closing');
    },
  });
}

/** Why the server cannot start, in words where the reason is a common one. */
function startFault(error: unknown, port: number): string {
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
