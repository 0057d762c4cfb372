import { Command } from 'commander';
import { loadOrExit } from '../config/load-or-exit.js';
import { run } from '../run.js';

interface StartFlags {
  readonly host?: string;
  readonly port?: string;
  readonly path?: string;
  readonly hostname?: string;
  readonly debug?: true;
  readonly config?: string;
}

/** `revurb start`: flags win over the environment, which wins over the file. */
export function startCommand(): Command {
  return new Command('start')
    .description('start the server')
    .option('--host <address>', 'address to bind (REVERB_SERVER_HOST)')
    .option('--port <port>', 'port to bind (REVERB_SERVER_PORT)')
    .option('--path <prefix>', 'prefix of every route (REVERB_SERVER_PATH)')
    .option('--hostname <name>', 'public host name (REVERB_HOST)')
    .option('--debug', 'log everything (REVERB_LOG_LEVEL=debug)')
    .option('--config <file>', 'file to read instead of .env')
    .action(start);
}

async function start(flags: StartFlags): Promise<void> {
  const loaded = loadOrExit({
    envFilePath: flags.config,
    overrides: {
      REVERB_SERVER_HOST: flags.host,
      REVERB_SERVER_PORT: flags.port,
      REVERB_SERVER_PATH: flags.path,
      REVERB_HOST: flags.hostname,
      REVERB_LOG_LEVEL: flags.debug && 'debug',
    },
  });
  await run(loaded);
}
