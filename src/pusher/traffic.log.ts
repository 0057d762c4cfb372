import { Injectable, Logger } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';

/** What would break a line, or be obeyed by a terminal. */
const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029]/gu;

/** What gives a client a right, wherever it stands: the value of an `auth`, in JSON inside of JSON too, and signatures. */
const CREDENTIALS = /(?<=\bauth\\*"\s*:\s*\\*")[^"\\]+|\b[\da-f]{64}\b/gi;

/**
 * What goes on, in a readable form, for `--debug` alone: payloads are shown nowhere else, and
 * credentials not even here.
 */
@Injectable()
export class TrafficLog {
  private readonly logger = new Logger('Traffic');

  /** Ask before putting a text together. */
  get isEnabled(): boolean {
    return Logger.isLevelEnabled('debug');
  }

  opened({ socketId, client, application }: Connection): void {
    if (!this.isEnabled) return;
    const { address, library, version } = client;
    this.say(`${socketId} connected to ${application.id} from ${address} (${library} ${version})`);
  }

  closed({ socketId }: Connection, code: number): void {
    if (this.isEnabled) this.say(`${socketId} closed (${code})`);
  }

  received({ socketId }: Connection, text: string): void {
    if (this.isEnabled) this.say(`${socketId} > ${text.replace(CREDENTIALS, '(hidden)')}`);
  }

  refused(socketId: string, why: Error): void {
    if (this.isEnabled) this.say(`${socketId} refused: ${why.message}`);
  }

  published(appId: string, channels: readonly string[], name: string, data: string): void {
    if (this.isEnabled) this.say(`${appId} published ${name} to ${channels.join()}: ${data}`);
  }

  /** In one line, although clients choose the words. */
  private say(line: string): void {
    this.logger.debug(line.replace(CONTROL_CHARACTERS, escaped));
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
