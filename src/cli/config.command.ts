import { Command } from 'commander';
import { describeVariables, type VariableDescription } from '../config/describe-variables.js';
import { loadOrExit } from '../config/load-or-exit.js';

interface ConfigFlags {
  readonly config?: string;
  readonly json?: true;
}

/** `revurb config`: what is in force, and where it came from. Secrets are hidden. */
export function configCommand(): Command {
  return new Command('config')
    .description('print every variable with its value and where it came from')
    .option('--config <file>', 'file to read instead of .env')
    .option('--json', 'print JSON')
    .action((flags: ConfigFlags) => {
      const loaded = loadOrExit({ envFilePath: flags.config });
      const descriptions = describeVariables(loaded);
      for (const warning of loaded.configuration.warnings) console.error(warning);
      console.log(flags.json ? asJson(descriptions) : asTable(descriptions));
    });
}

function asJson(descriptions: readonly VariableDescription[]): string {
  const entries = descriptions.map(
    ({ name, value = null, source }) => [name, { value, source }] as const,
  );
  return JSON.stringify(Object.fromEntries(entries), null, 2);
}

function asTable(descriptions: readonly VariableDescription[]): string {
  const width = Math.max(...descriptions.map(({ name }) => name.length));
  return descriptions
    .map(
      ({ name, value, source }) => `${name.padEnd(width)} = ${value ?? '(not set)'}  (${source})`,
    )
    .join('\n');
}
