import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import { announce } from '../announce.js';
import type { LoadedConfiguration } from '../config/load-configuration.js';
import type { ScalingOptions } from '../scaling/scaling.options.js';
import type { WorkerBusAddress } from '../scaling/workers/worker-bus-address.js';
import { WorkerHub } from '../scaling/workers/worker-hub.js';
import { onStopSignal, outliveReaders } from '../process-events.js';
import { Reload } from '../reload.js';
import { ServerLogger } from '../server-logger.js';
import { SharedConfiguration } from './shared-configuration.js';
import { Supervisor } from './supervisor.js';
import { WorkerStartError } from './worker-process.js';

/**
 * Runs the server in workers that share one port, and looks after them until a signal comes: the first
 * one drains them and ends the process with 0, a second one ends all of it at once with 1. SIGUSR2
 * replaces the workers, one after the other, and SIGHUP reads the configuration again. A start that fails says why and ends the process with 1.
 */
export async function supervise(loaded: LoadedConfiguration, count: number): Promise<void> {
  const { configuration } = loaded;
  const logger = new Logger('Server');
  const serverLogger = new ServerLogger(configuration.log);
  Logger.overrideLogger(serverLogger);
  outliveReaders();
  const reload = new Reload(loaded, serverLogger);
  for (const warning of configuration.warnings) logger.warn(warning);
  let bus: WorkerBusAddress | undefined;
  const shared = new SharedConfiguration(loaded, (message) => supervisor.tell(message));
  const supervisor = new Supervisor(count, (number) => {
    return { ...shared.current, type: 'assignment', number, count, bus };
  });
  const hub = hubOf(configuration.scaling, (pid) => supervisor.killSilent(pid));
  stopWhenAsked(supervisor, hub, logger);
  try {
    prepareCluster();
    bus = await hub?.listen();
    const port = await supervisor.start();
    shared.watch();
    announce(loaded, port, count);
    reload.begin((next) => shared.follow(next));
  } catch (error) {
    // A signal that came meanwhile ends it.
    if (supervisor.isStopping) return;
    logger.fatal(error instanceof WorkerStartError ? error.message : error);
    await killAll(supervisor, hub);
  }
}

/** The supervisor accepts connections and deals them out in turn, so a port of 0 is one port for all. */
function prepareCluster(): void {
  if (!cluster.isPrimary) {
    throw new WorkerStartError(
      'REVERB_WORKERS is more than 1, but this process is a worker of another program. Have that start one process (with PM2: fork mode), or set REVERB_WORKERS to 1.',
    );
  }
  process.title = 'revurb supervisor';
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('./worker-main.js', import.meta.url)),
    args: [],
    windowsHide: true,
  });
}

/** Where the workers meet, unless that is Redis. */
function hubOf(
  { enabled, leaseSeconds, bufferSize }: ScalingOptions,
  onSilent: (pid: number) => void,
): WorkerHub | undefined {
  if (enabled) return undefined;
  return new WorkerHub({ leaseMs: leaseSeconds * 1000, bufferSize, onSilent });
}

function stopWhenAsked(supervisor: Supervisor, hub: WorkerHub | undefined, logger: Logger): void {
  onStopSignal((signal) => {
    if (supervisor.isStopping) return void killAll(supervisor, hub);
    logger.log(`${signal}: the server is closing, again to stop at once`);
    void stop(supervisor, hub);
  });
  process.on('SIGUSR2', () => void supervisor.replaceAll());
}

async function stop(supervisor: Supervisor, hub: WorkerHub | undefined): Promise<void> {
  hub?.expectEnd();
  const isOrderly = await supervisor.stop();
  await hub?.close();
  process.exit(isOrderly ? 0 : 1);
}

/** Leaves nothing behind: no process, and no socket of the hub. */
async function killAll(supervisor: Supervisor, hub: WorkerHub | undefined): Promise<void> {
  // The hub first: it need not tell of workers that are gone.
  const closing = hub?.close();
  supervisor.killAll();
  await closing;
  process.exit(1);
}
