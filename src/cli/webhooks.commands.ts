import { Command } from 'commander';
import { callOrExit, targetOf, withTarget, type TargetFlags } from './api-target.js';

interface FailedFlags extends TargetFlags {
  readonly json?: true;
}

interface RetryFlags extends TargetFlags {
  readonly all?: true;
}

/** A dead letter, as the server lists it. */
interface FailedEvent {
  readonly id: string;
  readonly url: string | null;
  readonly event: { readonly name: string; readonly channel?: string; readonly user_id?: string };
  readonly cause: string;
  readonly attempts: number;
  readonly failed_ms: number;
}

/** `revurb webhooks:failed`: lists the webhook events that a running server has given up. */
export function webhooksFailedCommand(): Command {
  const command = new Command('webhooks:failed')
    .description('list the webhook events that could not be delivered')
    .option('--json', 'as the server tells it, the whole events with it');
  return withTarget(command).action(listFailed);
}

/** `revurb webhooks:retry`: has a running server send them again. */
export function webhooksRetryCommand(): Command {
  const command = new Command('webhooks:retry')
    .description('send webhook events again that could not be delivered')
    .argument('[ids...]', 'which; see webhooks:failed')
    .option('--all', 'all of them');
  return withTarget(command).action(retry);
}

async function listFailed(flags: FailedFlags, command: Command): Promise<void> {
  const call = { method: 'GET', path: 'webhooks/failed' } as const;
  const target = targetOf(flags, command);
  const { body } = await callOrExit(target, call, 'The server refused the list', command);
  if (flags.json) return console.log(body);
  const { failed } = JSON.parse(body) as { failed: readonly FailedEvent[] };
  if (failed.length === 0) return console.log('No webhook events have failed.');
  for (const event of failed) console.log(lineOf(event));
}

async function retry(ids: readonly string[], flags: RetryFlags, command: Command): Promise<void> {
  const all = flags.all === true;
  if (all === ids.length > 0) command.error('Name the events to send again, or give --all.');
  const call = { method: 'POST', path: 'webhooks/retry', body: all ? { all } : { ids } } as const;
  const target = targetOf(flags, command);
  const { body } = await callOrExit(target, call, 'The server refused that', command);
  const { retried } = JSON.parse(body) as { retried: number };
  const sentence = `${retried} of ${all ? 'all' : ids.length} are on their way again.`;
  if (retried < ids.length)
    command.error(`${sentence} The others are unknown, or their endpoint is.`);
  console.log(all ? `${retried} are on their way again.` : sentence);
}

function lineOf({ id, url, event, cause, attempts, failed_ms: failedMs }: FailedEvent): string {
  const { name, channel, user_id: userId } = event;
  const what = [name, channel, userId].filter((part) => part !== undefined).join(' ');
  const where = url ?? 'an endpoint that is not configured any more';
  const when = new Date(failedMs).toISOString();
  return `${id}  ${when}  ${what} -> ${where}: ${cause} (${attempts} attempts)`;
}
