import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { LOG_LEVELS } from './config/log-levels.js';
import type { LogConfiguration } from './config/server-configuration.js';

/** Parts of Nest that tell at `log` what interests only those who debug. */
const CHATTY_CONTEXTS = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
  'WebSocketsController',
]);

/** Nest's logger, quiet unless something is worth knowing. */
export class ServerLogger extends ConsoleLogger {
  /** @param worker the number of the worker that logs, if it is one of several */
  constructor(
    { level, format }: LogConfiguration,
    private readonly worker?: number,
  ) {
    super({
      json: format === 'json',
      logLevels: levelsFrom(level),
      prefix: worker === undefined ? 'Revurb' : `Revurb ${worker}`,
    });
  }

  /** Changes the least severe level that is logged. */
  setLevel(level: LogLevel): void {
    this.setLogLevels(levelsFrom(level));
  }

  override getJsonLogObject(
    ...args: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const line = super.getJsonLogObject(...args);
    return this.worker === undefined ? line : { ...line, worker: this.worker };
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    const isChatty = typeof context === 'string' && CHATTY_CONTEXTS.has(context);
    if (!isChatty || this.isLevelEnabled('debug')) super.log(message, ...rest);
  }

  /** That listening failed is thrown as well, and told in words where that is caught. */
  override error(message: unknown, ...rest: unknown[]): void {
    const isTold =
      rest.at(-1) === 'NestApplication' && /^Error: (?:listen|bind) /.test(String(message));
    if (!isTold) super.error(message, ...rest);
  }
}

function levelsFrom(level: LogLevel): LogLevel[] {
  return LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1);
}
