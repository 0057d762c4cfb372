import { Command } from 'commander';
import { callOrExit, targetOf, withTarget, type TargetFlags } from './api-target.js';

interface TriggerFlags extends TargetFlags {
  readonly socketId?: string;
}

/** `revurb events:trigger`: publishes one event to a running server, as a backend would. */
export function eventsTriggerCommand(): Command {
  const command = new Command('events:trigger')
    .description('publish an event to a running server')
    .argument('<channel>', 'name of the channel')
    .argument('<event>', 'name of the event')
    .argument('<json>', `data of the event, such as '{"hello":"world"}'`)
    .option('--socket-id <id>', 'connection that shall not receive the event');
  return withTarget(command).action(trigger);
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
  const body = { name: event, channels: [channel], data: json, socket_id: flags.socketId };
  const call = { method: 'POST', path: 'events', body } as const;
  const answer = await callOrExit(target, call, 'The server refused the event', command);
  console.log(`${answer.status} ${answer.body}`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
