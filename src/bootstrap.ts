import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { announce } from './announce.js';
import type { LoadedConfiguration } from './config/load-configuration.js';
import { startListening, StartError } from './listening-server.js';
import { onStopSignal, outliveReaders } from './process-events.js';
import { Reload } from './reload.js';
import { ClusterService } from './scaling/cluster.service.js';
import { ServerLogger } from './server-logger.js';

/**
 * Runs the server in this process until a signal ends it: the first one drains it and ends the process
 * with 0, a second one ends it at once with 1, and SIGHUP reads the configuration again. A start that fails says why and ends it with 1.
 */
export async function bootstrap(loaded: LoadedConfiguration): Promise<void> {
  const { configuration } = loaded;
  const serverLogger = new ServerLogger(configuration.log);
  const logger = new Logger('Server');
  Logger.overrideLogger(serverLogger);
  outliveReaders();
  const reload = new Reload(loaded, serverLogger);
  for (const warning of configuration.warnings) logger.warn(warning);
  try {
    const server = await startListening(loaded, serverLogger, (app) => stopWhenAsked(app, logger));
    announce(loaded, server.port, 1);
    reload.begin((next) => server.follow(next));
  } catch (error) {
    logger.fatal(error instanceof StartError ? error.message : error);
    process.exit(1);
  }
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
  onStopSignal((signal) => {
    if (isStopping) process.exit(1);
    void stop(`${signal}: the server is closing, again to stop at once`);
  });
  app.get(ClusterService).listen({
    onRestart: () => {
      if (!isStopping) void stop('A restart was asked for: the server is closing');
    },
  });
}
