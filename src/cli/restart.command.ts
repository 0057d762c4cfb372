import { Logger } from '@nestjs/common';
import { Command, InvalidArgumentError } from 'commander';
import { loadOrExit } from '../config/load-or-exit.js';
import { RestartError, rollingRestart } from './rolling-restart.js';

interface RestartFlags {
  readonly node?: string;
  readonly allAtOnce?: true;
  readonly timeout: number;
  readonly config?: string;
}

const DEFAULT_TIMEOUT_SECONDS = 60;

/** `revurb restart`: every node of the cluster drains and exits with 0, one after the other. */
export function restartCommand(): Command {
  return new Command('restart')
    .description('ask every node to drain and exit, for a process manager to start it again')
    .option('--node <id>', 'only this node')
    .option('--all-at-once', 'do not wait for one node to be back before the next is asked')
    .option(
      '--timeout <seconds>',
      'how long a node may take to stop, and another to take its place',
      secondsOf,
      DEFAULT_TIMEOUT_SECONDS,
    )
    .option('--config <file>', 'file to read instead of .env')
    .action(restart);
}

async function restart(flags: RestartFlags, command: Command): Promise<void> {
  const { scaling } = loadOrExit({ envFilePath: flags.config }).configuration;
  if (!scaling.enabled) {
    command.error(
      'REVERB_SCALING_ENABLED is not set, so this server is alone: send it SIGTERM, or restart it by its process manager. With REVERB_WORKERS, SIGUSR2 has its supervisor replace the workers one after the other.',
    );
  }
  // Only this command needs Redis; the others should not wait for it to load.
  const { RedisClusterControl } = await import('./redis-cluster-control.js');
  Logger.overrideLogger(['warn', 'error', 'fatal']);
  const cluster = new RedisClusterControl(scaling);
  try {
    await cluster.open();
    await rollingRestart(cluster, {
      nodeId: flags.node,
      isAllAtOnce: flags.allAtOnce === true,
      timeoutMs: flags.timeout * 1000,
      say: (line) => console.log(line),
    });
  } catch (error) {
    if (!(error instanceof RestartError)) throw error;
    process.exitCode = 1;
    console.error(error.message);
  } finally {
    await cluster.close();
  }
}

function secondsOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It has to be a whole number of seconds, 1 or more.');
}
