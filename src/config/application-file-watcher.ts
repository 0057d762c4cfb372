import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import { watchFiles } from './watch-files.js';

/** What is watched, and how it is read. */
export interface ApplicationFile {
  readonly path: string;
  /** What the server was started with. */
  readonly content: string;
  /** Throws when the content has a fault; the message has a line for each. */
  readonly parse: (content: string) => readonly Application[];
  readonly intervalMs?: number;
}

/**
 * Starts watching. Calls `replace` with each new list, and the content of the file it stands in, and
 * returns the function that stops it.
 */
export type WatchApplications = (
  replace: (applications: readonly Application[], content: string) => void,
) => () => void;

/**
 * Watches a file of applications. A content with a fault, or a file that is gone, is logged once
 * and changes nothing; the same content again does nothing.
 */
export function watchApplicationFile(file: ApplicationFile): WatchApplications {
  const logger = new Logger('Applications');
  return (replace) => {
    let last: string | undefined = file.content;
    const look = () => {
      const content = readApplicationFile(file.path);
      if (content === last) return;
      last = content;
      try {
        if (content === undefined) throw new Error(`The file ${file.path} cannot be read.`);
        const applications = file.parse(content);
        replace(applications, content);
        logger.log('The applications were read again.', { count: applications.length });
      } catch (error) {
        const faults = (error instanceof Error ? error.message : String(error)).split('\n');
        logger.error('The changed file of applications cannot be used; the old ones stay.', {
          faults,
        });
      }
    };
    return watchFiles(look, file.intervalMs);
  };
}

/** What stands in the file, or undefined when it cannot be read. */
export function readApplicationFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
