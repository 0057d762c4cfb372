import { HIDDEN } from './configuration-error.js';
import { EnvironmentVariables } from './environment-variables.js';
import type { LoadedConfiguration } from './load-configuration.js';
import type { RedisNode } from '../scaling/scaling.options.js';
import { variablesOf } from './variable.js';

/** One variable as it may be shown to anybody. */
export interface VariableDescription {
  readonly name: string;
  /** The effective value, secrets hidden; undefined when it has none. */
  readonly value: string | undefined;
  /** `flag`, `environment`, `default`, or the path of the file it stands in. */
  readonly source: string;
}

/** Secrets inside of values that are worth seeing otherwise. */
const MASKS: Readonly<Record<string, (text: string) => string>> = {
  REVERB_APPS: maskJson,
  REVERB_WEBHOOKS: maskJson,
  REDIS_URL: maskUrl,
};

/** Every variable with its effective value and where that came from. */
export function describeVariables(loaded: LoadedConfiguration): VariableDescription[] {
  return variablesOf(EnvironmentVariables).map(({ name, type }) => {
    const value: unknown = Reflect.get(loaded.variables, name);
    const source = loaded.sources.get(name) ?? { kind: 'default' };
    return {
      name,
      value: value === undefined ? undefined : maskValue(name, asText(value), type.isSecret),
      source: source.kind === 'file' ? source.path : source.kind,
    };
  });
}

function maskValue(name: string, text: string, isSecret: boolean): string {
  if (!isSecret) return text;
  return MASKS[name]?.(text) ?? HIDDEN;
}

/** A value as it would be written in the environment. */
export function asText(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return value.map((item: string | RedisNode) => itemAsText(item)).join(',');
}

function itemAsText(item: string | RedisNode): string {
  if (typeof item === 'string') return item;
  return item.host.includes(':') ? `[${item.host}]:${item.port}` : `${item.host}:${item.port}`;
}

/** Header values often are credentials, so they go as well. */
function maskJson(text: string): string {
  return JSON.stringify(JSON.parse(text), (name, value: unknown) => {
    if (name === 'secret') return HIDDEN;
    if (name !== 'headers' || typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.keys(value).map((header) => [header, HIDDEN]));
  });
}

function maskUrl(text: string): string {
  return text
    .replace(/^(\w+:\/\/[^:/?#]*:)[^/?#]*@/, `$1${HIDDEN}@`)
    .replace(/([?#]).*$/, `$1${HIDDEN}`);
}
