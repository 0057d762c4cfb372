import { ConfigurationError, unwanted } from './configuration-error.js';
import { EnvironmentVariables } from './environment-variables.js';
import { loadConfiguration, type LoadedConfiguration } from './load-configuration.js';
import type { RawEnvironment } from './validate-environment.js';
import { variablesOf } from './variable.js';

/** What came of reading the configuration again. */
export interface ReloadedConfiguration {
  /** What is in force from now on: changed only in what can change while a server runs. */
  readonly loaded: LoadedConfiguration;
  /** Variables that have another value now, but need a restart. */
  readonly needingRestart: readonly string[];
  /** That were not told before. */
  readonly warnings: readonly string[];
}

/** Variables of these groups can change while a server runs. */
const RELOADABLE_GROUPS: ReadonlySet<string> = new Set(['Application', 'Settings of applications']);
const TLS_GROUP = 'TLS';
const LOG_LEVEL = 'REVERB_LOG_LEVEL';

/**
 * Reads everything again, from where it was read at the start. A `.env` that was not there then is not
 * looked for.
 * @throws ConfigurationError naming every fault at once; what was in force stays
 */
export function reloadConfiguration(current: LoadedConfiguration): ReloadedConfiguration {
  const next = current.readAgain();
  const { configuration } = next;
  if (configuration.isDevelopmentApplication && !current.configuration.isDevelopmentApplication) {
    // It may be reachable, and everybody knows the secret of that one.
    throw new ConfigurationError([unwanted('REVERB_APP_ID', undefined, 'an application')]);
  }
  const fixed = namesOfFixed(current, next);
  const merged = loadConfiguration({
    env: mergedEnvironment(current, next, new Set(fixed)),
    envFilePath: null,
    generatedToken: generatedTokenOf(current),
  });
  const before = new Set(current.configuration.warnings);
  return {
    loaded: {
      ...merged,
      configuration: { ...merged.configuration, warnings: configuration.warnings },
      readAgain: current.readAgain,
    },
    needingRestart: fixed.filter((name) => valueOf(current, name) !== valueOf(next, name)),
    warnings: configuration.warnings.filter((warning) => !before.has(warning)),
  };
}

/** A certificate can be exchanged; whether there is TLS at all cannot. */
function namesOfFixed(current: LoadedConfiguration, next: LoadedConfiguration): readonly string[] {
  const [before, after] = [current, next].map(({ configuration }) => configuration.listen.tls);
  const isStillTls = before !== undefined && after !== undefined;
  return variablesOf(EnvironmentVariables)
    .filter(({ name, group }) => {
      if (group === TLS_GROUP) return !isStillTls;
      return name !== LOG_LEVEL && !RELOADABLE_GROUPS.has(group);
    })
    .map(({ name }) => name);
}

function mergedEnvironment(
  current: LoadedConfiguration,
  next: LoadedConfiguration,
  fixed: ReadonlySet<string>,
): RawEnvironment {
  const merged: Record<string, string | undefined> = {};
  for (const { name } of variablesOf(EnvironmentVariables)) {
    const { environment } = fixed.has(name) ? current : next;
    if (Object.hasOwn(environment, name)) merged[name] = environment[name];
  }
  return {
    ...merged,
    // Its default depends on the applications.
    REVERB_SERVER_HOST: current.variables.REVERB_SERVER_HOST,
    // Generated, it would count as given.
    ...(generatedTokenOf(current) !== undefined && { REVERB_INSPECTOR_TOKEN: undefined }),
  };
}

function generatedTokenOf({ configuration }: LoadedConfiguration): string | undefined {
  const { token, isTokenGenerated } = configuration.inspector;
  return isTokenGenerated ? token : undefined;
}

function valueOf({ variables }: LoadedConfiguration, name: string): string | undefined {
  return JSON.stringify(variables[name as keyof EnvironmentVariables]);
}
