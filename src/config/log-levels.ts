import type { LogLevel } from '@nestjs/common';

/** The levels of Nest's logger, the most severe first. */
export const LOG_LEVELS: readonly LogLevel[] = [
  'fatal',
  'error',
  'warn',
  'log',
  'debug',
  'verbose',
];
