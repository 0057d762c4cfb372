import type { Command } from 'commander';
import { loadOrExit } from '../config/load-or-exit.js';
import { localEndpoint, urlOf } from '../endpoint.js';
import { callApi, reasonOf, type Answer, type ApiCall, type ApiTarget } from './api-call.js';

/** Flags that say which application of which server is meant. */
export interface TargetFlags {
  readonly url?: string;
  readonly appId?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly config?: string;
}

/** Gives a command those flags. */
export function withTarget(command: Command): Command {
  return command
    .option(
      '--url <url>',
      'URL of the server with its path prefix; from the configuration if absent',
    )
    .option('--app-id <id>', 'application; the first of the configuration if absent')
    .option('--key <key>', 'key, if not that of the configuration')
    .option('--secret <secret>', 'its secret')
    .option('--config <file>', 'file to read instead of .env');
}

/** The application that is meant. Flags that say everything make a configuration unnecessary. */
export function targetOf(flags: TargetFlags, command: Command): ApiTarget {
  const { appId, key, secret } = flags;
  if ((key === undefined) !== (secret === undefined)) {
    command.error('--key and --secret belong together.');
  }
  const url = flags.url?.replace(/\/+$/, '');
  if (url !== undefined && !/^https?:\/\//.test(url)) {
    command.error(`--url is ${url}, but it has to start with http:// or https://.`);
  }
  if (url && appId && key && secret) return { url, appId, key, secret };
  const { configuration } = loadOrExit({ envFilePath: flags.config });
  const application = configuration.applications.find(({ id }) => id === (appId ?? id));
  const pair = key && secret ? { key, secret } : application?.keys[0];
  const id = appId ?? application?.id;
  if (id === undefined || pair === undefined) {
    return command.error(`The configuration has no application ${appId ?? 'at all'}.`);
  }
  return {
    url: url ?? urlOf(localEndpoint(configuration)),
    appId: id,
    key: pair.key,
    secret: pair.secret,
  };
}

/** Makes a call; ends the process with a sentence when it is not answered with 200. */
export async function callOrExit(
  target: ApiTarget,
  call: ApiCall,
  refusal: string,
  command: Command,
): Promise<Answer> {
  const answer = await callApi(target, call).catch((error: unknown) =>
    command.error(`${target.url} cannot be reached: ${reasonOf(error)}`),
  );
  if (answer.status !== 200) command.error(`${refusal} with ${answer.status}: ${answer.body}`);
  return answer;
}
