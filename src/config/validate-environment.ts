import { validateSync } from 'class-validator';
import { ConfigurationError, unwanted, type Fault } from './configuration-error.js';
import { consistencyFaults } from './consistency.js';
import { EnvironmentVariables } from './environment-variables.js';
import { nearestName } from './nearest-name.js';
import { variablesOf } from './variable.js';

/** Names and values as they stand in the environment. */
export type RawEnvironment = Readonly<Record<string, string | undefined>>;

/** What a look at the environment found. */
export interface Inspection {
  /** Complete: where there was a fault stands the default. */
  readonly variables: EnvironmentVariables;
  /** Names of the variables that were given a value. */
  readonly given: ReadonlySet<string>;
  readonly faults: readonly Fault[];
  readonly warnings: readonly string[];
}

/** Names Laravel's own side of the connection reads; they stand in the same `.env` and are none of ours. */
const LARAVEL_NAMES: ReadonlySet<string> = new Set([
  'REVERB_SERVER',
  'REVERB_PORT',
  'REVERB_SCHEME',
  'REVERB_PULSE_INGEST_INTERVAL',
  'REVERB_TELESCOPE_INGEST_INTERVAL',
]);

/** What Laravel reads as no value. */
const NOT_SET: ReadonlySet<string> = new Set(['', 'null', '(null)', 'empty', '(empty)']);

/** The text of a variable, or undefined when it counts as not set. */
export function givenText(environment: RawEnvironment, name: string): string | undefined {
  const text = Object.hasOwn(environment, name) ? environment[name] : undefined;
  return text === undefined || NOT_SET.has(text.trim().toLowerCase()) ? undefined : text;
}

/** Converts and checks every variable. Pure; reads no files. */
export function inspectEnvironment(environment: RawEnvironment): Inspection {
  const variables = new EnvironmentVariables();
  const given = new Set<string>();
  for (const { name, type, default: byDefault } of variablesOf(EnvironmentVariables)) {
    const text = givenText(environment, name);
    if (text !== undefined) given.add(name);
    Object.assign(variables, { [name]: text === undefined ? byDefault : type.convert(text) });
  }
  const faults = replaceFaulty(variables, environment);
  return {
    variables,
    given,
    faults: [...faults, ...consistencyFaults(variables, given)],
    warnings: unknownNames(environment),
  };
}

/**
 * Converts and checks every variable.
 * @throws ConfigurationError naming every fault at once.
 */
export function validateEnvironment(environment: RawEnvironment): EnvironmentVariables {
  const { variables, faults } = inspectEnvironment(environment);
  if (faults.length > 0) throw new ConfigurationError(faults);
  return variables;
}

/** Puts the default where a value is not good, so that the rest can still be looked at. */
function replaceFaulty(variables: EnvironmentVariables, environment: RawEnvironment): Fault[] {
  const faulty = new Set(validateSync(variables).map((error) => error.property));
  return variablesOf(EnvironmentVariables)
    .filter(({ name }) => faulty.has(name))
    .map(({ name, type, default: byDefault }) => {
      Object.assign(variables, { [name]: byDefault });
      return unwanted(name, environment[name], type.wants, type.isSecret);
    });
}

function unknownNames(environment: RawEnvironment): string[] {
  const known = variablesOf(EnvironmentVariables).map(({ name }) => name);
  return Object.keys(environment)
    .filter((name) => name.startsWith('REVERB_') && !LARAVEL_NAMES.has(name))
    .filter((name) => !known.includes(name))
    .map(
      (name) =>
        `${name} is not a variable of this server; did you mean ${nearestName(name, known)}?`,
    );
}
