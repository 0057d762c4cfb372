import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ApplicationsOptions } from '../applications/applications.options.js';
import {
  readApplicationFile,
  watchApplicationFile,
  type WatchApplications,
} from './application-file-watcher.js';
import { ConfigurationError, type Fault } from './configuration-error.js';
import { configuredApplications } from './configured-applications.js';
import { parseEnvFile } from './env-file.js';
import { EnvironmentVariables } from './environment-variables.js';
import { fileFaults } from './file-faults.js';
import {
  findInspectorAccess,
  inspectorFaults,
  inspectorWarnings,
  isForDevelopment,
  forbiddenApplicationFaults,
  type InspectorFindings,
} from './inspector-access.js';
import { toServerConfiguration } from './map-configuration.js';
import type { ServerConfiguration } from './server-configuration.js';
import { givenText, inspectEnvironment, type RawEnvironment } from './validate-environment.js';
import { variablesOf } from './variable.js';

/** Where the value of a variable came from. */
export type VariableSource =
  | { readonly kind: 'flag' | 'environment' | 'default' }
  | { readonly kind: 'file'; readonly path: string };

/** Where to read from; everything has a default. */
export interface LoadOptions {
  /** `process.env` unless given. */
  readonly env?: RawEnvironment;
  /** `.env` in the working directory, if there is one, unless given. One that is given has to exist; null: none. */
  readonly envFilePath?: string | null;
  /** Wins over both; what command line flags say. Those that are undefined say nothing. */
  readonly overrides?: RawEnvironment;
  /** What stands in REVERB_APPS_FILE, from somebody who looks after it; then it is not read here. */
  readonly applicationFile?: ApplicationFileContent;
  /** How often REVERB_APPS_FILE is looked at. */
  readonly watchIntervalMs?: number;
  /** The token of the inspector that was generated before, in the place of another one. */
  readonly generatedToken?: string;
}

/** The content of REVERB_APPS_FILE, read and checked elsewhere. */
export interface ApplicationFileContent {
  readonly content: string;
  /** Calls back with each later content. Returns the function that stops it. */
  readonly watch: (replace: (content: string) => void) => () => void;
}

/** What was read, and from where. */
export interface LoadedConfiguration {
  readonly configuration: ServerConfiguration;
  /** For the ApplicationsModule; watches REVERB_APPS_FILE if there is one. */
  readonly applicationsOptions: ApplicationsOptions;
  readonly variables: EnvironmentVariables;
  /** Of every variable. */
  readonly sources: ReadonlyMap<string, VariableSource>;
  /**
   * Reads everything again, from the same places. A `.env` that was not there is none, one that was has
   * to be there still. A token that was generated stays.
   * @throws ConfigurationError
   */
  readonly readAgain: () => LoadedConfiguration;
  /**
   * Loaded as `env`, with no file, this gives the same again: texts of the variables, secrets among them.
   * A token that was generated is one that is given, then.
   */
  readonly environment: RawEnvironment;
  /** REVERB_APPS_FILE, if there is one. */
  readonly applicationFile?: {
    readonly content: string;
    /** Calls back only with a content that was checked. */
    readonly watch: WatchApplications;
  };
}

/**
 * Reads the environment and the `.env` file, and checks all of it. The only place that reads
 * `process.env`, which stays as it is.
 * @throws ConfigurationError naming every fault at once.
 */
export function loadConfiguration(options: LoadOptions = {}): LoadedConfiguration {
  const layers = readLayers(options);
  const environment = Object.assign({}, ...layers.map(({ values }) => values)) as RawEnvironment;
  const { variables, given, faults, warnings } = inspectEnvironment(environment);
  const isIdle = (fault: Fault) => !variables.REVERB_SCALING_ENABLED && REDIS.test(fault.variable);
  const content = options.applicationFile?.content ?? contentOf(variables.REVERB_APPS_FILE);
  const found = configuredApplications(variables, content, given);
  const ofFiles = fileFaults(variables).filter(
    ({ variable }) => variable !== 'REVERB_APPS_FILE' || content === undefined,
  );
  completeDefaults(variables, found.isDevelopmentApplication, given);
  const ofInspector = inspectorFaults(variables, given, found.applications);
  const allFaults = [...faults, ...ofFiles, ...found.faults, ...ofInspector];
  if (!allFaults.every(isIdle)) throw new ConfigurationError(allFaults);
  const inspector = findInspectorAccess(variables, given, options.generatedToken);
  const { generatedToken = options.generatedToken } = inspector;
  const findings = {
    applications: found.applications,
    isDevelopmentApplication: found.isDevelopmentApplication,
    inspector,
    warnings: [
      ...(found.warning === undefined ? [] : [found.warning]),
      ...warnings,
      ...inspectorWarnings(variables),
      ...allFaults.map(
        (fault) => `${fault.variable}: ${fault.complaint}; ignored, scaling is off.`,
      ),
    ],
  };
  const watch = watchOf(variables, content, given, options);
  return {
    configuration: toServerConfiguration(variables, findings),
    applicationsOptions: { applications: found.applications, watch },
    variables,
    sources: sourcesOf(layers),
    readAgain: () =>
      loadConfiguration({ ...options, generatedToken, envFilePath: envFileOf(layers) }),
    environment: environmentOf(variables, environment, inspector),
    applicationFile: content === undefined || watch === undefined ? undefined : { content, watch },
  };
}

function contentOf(path: string | undefined): string | undefined {
  return path === undefined ? undefined : readApplicationFile(path);
}

/** What is decided here, as on what is a terminal, is not decided again by whoever loads it. */
function environmentOf(
  variables: EnvironmentVariables,
  all: RawEnvironment,
  { generatedToken }: InspectorFindings,
): RawEnvironment {
  const names = variablesOf(EnvironmentVariables).map(({ name }) => name);
  const known = names.filter((name) => Object.hasOwn(all, name));
  return {
    ...Object.fromEntries(known.map((name) => [name, all[name]])),
    REVERB_LOG_FORMAT: variables.REVERB_LOG_FORMAT,
    ...(generatedToken !== undefined && { REVERB_INSPECTOR_TOKEN: generatedToken }),
  };
}

/** A Laravel application has these for purposes of its own. */
const REDIS = /^(REVERB_)?REDIS_/;

function envFileOf(layers: readonly Layer[]): string | null {
  const [path = null] = layers.flatMap(({ source }) =>
    source.kind === 'file' ? [source.path] : [],
  );
  return path;
}

interface Layer {
  readonly source: VariableSource;
  readonly values: RawEnvironment;
}

/** The weakest first. */
function readLayers({ env = process.env, envFilePath, overrides = {} }: LoadOptions): Layer[] {
  const flags = Object.fromEntries(
    Object.entries(overrides).filter(([, value]) => value !== undefined),
  );
  const layers: Layer[] = [
    { source: { kind: 'environment' }, values: { ...env } },
    { source: { kind: 'flag' }, values: flags },
  ];
  if (envFilePath === null) return layers;
  const path = resolve(envFilePath ?? '.env');
  if (envFilePath === undefined && !existsSync(path)) return layers;
  return [{ source: { kind: 'file', path }, values: readEnvFile(path, env) }, ...layers];
}

function readEnvFile(path: string, env: RawEnvironment): RawEnvironment {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError([{ variable: path, complaint: `cannot be read (${code})` }]);
  }
  return parseEnvFile(content, env);
}

/** A value that counts as not set still hides those below it. */
function sourcesOf(layers: readonly Layer[]): Map<string, VariableSource> {
  return new Map(
    variablesOf(EnvironmentVariables).map(({ name }) => {
      const layer = layers.findLast(({ values }) => Object.hasOwn(values, name));
      const isSet = layer !== undefined && givenText(layer.values, name) !== undefined;
      return [name, isSet ? layer.source : { kind: 'default' }];
    }),
  );
}

/** Defaults that depend on more than the variable itself. */
function completeDefaults(
  variables: EnvironmentVariables,
  isDevelopmentApplication: boolean,
  given: ReadonlySet<string>,
): void {
  if (isDevelopmentApplication && !given.has('REVERB_SERVER_HOST')) {
    variables.REVERB_SERVER_HOST = '127.0.0.1';
  }
  variables.REVERB_LOG_FORMAT ??= process.stdout.isTTY ? 'pretty' : 'json';
  variables.REVERB_INSPECTOR_ENABLED ??= isForDevelopment(variables);
}

function watchOf(
  variables: EnvironmentVariables,
  content: string | undefined,
  given: ReadonlySet<string>,
  { applicationFile, watchIntervalMs: intervalMs }: LoadOptions,
): WatchApplications | undefined {
  const path = variables.REVERB_APPS_FILE;
  if (path === undefined || content === undefined) return undefined;
  const parse = (changed: string) => {
    const { applications, faults } = configuredApplications(variables, changed, given);
    const allFaults = [...faults, ...forbiddenApplicationFaults(variables, applications)];
    if (allFaults.length > 0) throw new ConfigurationError(allFaults);
    return applications;
  };
  if (applicationFile === undefined) {
    return watchApplicationFile({ path, content, parse, intervalMs });
  }
  return (replace) => applicationFile.watch((changed) => replace(parse(changed), changed));
}
