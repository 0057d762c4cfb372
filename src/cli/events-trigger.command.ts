import { Command } from 'commander';
import { loadOrExit } from '../config/load-or-exit.js';
import { localEndpoint, urlOf } from '../endpoint.js';
import { publish, reasonOf, type Publication } from './publish.js';

interface TriggerFlags {
  readonly url?: string;
  readonly appId?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly socketId?: string;
  readonly config?: string;
}

type Target = Pick<Publication, 'url' | 'appId' | 'key' | 'secret'>;

/** `revurb events:trigger`: publishes one event to a running server, as a backend would. */
export function eventsTriggerCommand(): Command {
  return new Command('events:trigger')
    .description('publish an event to a running server')
    .argument('<channel>', 'name of the channel')
    .argument('<event>', 'name of the event')
    .argument('<json>', `data of the event, such as '{"hello":"world"}'`)
    .option(
      '--url <url>',
      'URL of the server with its path prefix; from the configuration if absent',
    )
    .option('--app-id <id>', 'application; the first of the configuration if absent')
    .option('--key <key>', 'key, if not that of the configuration')
    .option('--secret <secret>', 'its secret')
    .option('--socket-id <id>', 'connection that shall not receive the event')
    .option('--config <file>', 'file to read instead of .env')
    .action(trigger);
}

async function trigger(
  channel: string,
  event: string,
  json: string,
  flags: TriggerFlags,
  command: Command,
): Promise<void> {
  if (!isJson(json)) {
    command.error(
      `${json} is not JSON. Text is JSON in double quotes, and the shell wants single quotes around that: '"hello"'.`,
    );
  }
  const target = targetOf(flags, command);
  const publication = { ...target, channel, event, data: json, socketId: flags.socketId };
  const answer = await publish(publication).catch((error: unknown) =>
    command.error(`${target.url} cannot be reached: ${reasonOf(error)}`),
  );
  if (answer.status !== 200) {
    command.error(`The server refused the event with ${answer.status}: ${answer.body}`);
  }
  console.log(`${answer.status} ${answer.body}`);
}

/** Flags that say everything make a configuration unnecessary. */
function targetOf(flags: TriggerFlags, command: Command): Target {
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

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
