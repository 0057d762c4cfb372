import { Command } from 'commander';
import { packageVersion } from '../package-version.js';

/** `revurb version` */
export function versionCommand(): Command {
  return new Command('version')
    .description('print the version')
    .action(() => console.log(packageVersion()));
}
