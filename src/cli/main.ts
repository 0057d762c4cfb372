#!/usr/bin/env node
import 'reflect-metadata';
import { Command } from 'commander';
import { nearestName } from '../config/nearest-name.js';
import { configCommand } from './config.command.js';
import { eventsTriggerCommand } from './events-trigger.command.js';
import { installCommand } from './install.command.js';
import { packageVersion } from '../package-version.js';
import { restartCommand } from './restart.command.js';
import { startCommand } from './start.command.js';
import { versionCommand } from './version.command.js';
import { webhooksFailedCommand, webhooksRetryCommand } from './webhooks.commands.js';

const program = new Command('revurb')
  .description('Self-hosted Pusher-protocol WebSocket server')
  .version(packageVersion());

for (const command of [
  startCommand(),
  installCommand(),
  restartCommand(),
  eventsTriggerCommand(),
  webhooksFailedCommand(),
  webhooksRetryCommand(),
  configCommand(),
  versionCommand(),
]) {
  program.addCommand(command);
}

program.on('command:*', ([name]: string[]) => {
  const names = program.commands.map((command) => command.name());
  program.error(
    `There is no command ${name}; did you mean ${nearestName(name!, names)}? See \`revurb help\`.`,
  );
});

await program.parseAsync();
