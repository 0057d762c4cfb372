import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { ConfigurationError } from '../config/configuration-error.js';
import { loadConfiguration } from '../config/load-configuration.js';
import { createCredentials, hasCredentials, withCredentials } from './credentials.js';
import { publicEndpoint, type Endpoint } from '../endpoint.js';
import { snippets } from './snippets.js';

interface InstallFlags {
  readonly path: string;
  readonly force?: true;
}

/** `revurb install`: makes an application and writes it to the `.env` file. */
export function installCommand(): Command {
  return new Command('install')
    .description('make an application with random credentials and write it to .env')
    .option('--path <file>', 'file to write', '.env')
    .option('--force', 'replace credentials that are there')
    .action((flags: InstallFlags, command: Command) => install(flags, command));
}

function install({ path, force }: InstallFlags, command: Command): void {
  const content = attempt(command, `${path} cannot be read`, () =>
    existsSync(path) ? readFileSync(path, 'utf8') : '',
  );
  if (hasCredentials(content) && !force) {
    command.error(`${path} has an application already. Use --force to replace its credentials.`);
  }
  const credentials = createCredentials();
  attempt(command, `${path} cannot be written`, () =>
    // The mode counts for a new file only; that of an existing one is its owner's business.
    writeFileSync(path, withCredentials(content, credentials), { mode: 0o600 }),
  );
  console.log(
    `Application ${credentials.id} is in ${path}, with its secret: keep that file safe.\n`,
  );
  console.log(snippets(credentials, endpointOf(path)));
}

function attempt<T>(command: Command, sentence: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    return command.error(`${sentence} (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** As the file has it, or the defaults: faults elsewhere in the file are for `revurb start` to tell. */
function endpointOf(path: string): Endpoint {
  try {
    return publicEndpoint(loadConfiguration({ envFilePath: path }).configuration);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { scheme: 'http', host: 'localhost', port: 8080, path: '' };
  }
}
