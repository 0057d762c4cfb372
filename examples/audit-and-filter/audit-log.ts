import { appendFile } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';

/** Token of the path of the log. */
export const AUDIT_FILE = Symbol('AUDIT_FILE');

/** Appends what happens to a file, a JSON object in each line, in the order of the calls. */
@Injectable()
export class AuditLog {
  private last: Promise<void> = Promise.resolve();

  constructor(@Inject(AUDIT_FILE) private readonly file: string) {}

  /** Resolves when it is written. */
  write(entry: object): Promise<void> {
    const line = `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`;
    const written = this.last.then(() => appendFile(this.file, line));
    // One that fails must not keep the others from being written.
    this.last = written.catch(() => undefined);
    return written;
  }
}
