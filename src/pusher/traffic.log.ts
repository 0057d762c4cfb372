import type { IncomingMessage } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';
import type { Failure } from './http/failure.js';
import type { PusherError, SubscriptionError } from './protocol/pusher-error.js';

/** What would break a line, or be obeyed by a terminal. */
const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029]/gu;

/** What gives a client a right, wherever it stands: the value of an `auth`, in JSON inside of JSON too, and signatures. */
const CREDENTIALS = /(?<=\bauth\\*"\s*:\s*\\*")[^"\\]+|\b[\da-f]{64}\b/gi;

/** A request of the API that was refused, or failed. */
export interface RefusedRequest {
  readonly request: IncomingMessage;
  /** That the path names, existing or not. */
  readonly appId: string | undefined;
  readonly status: number;
  readonly sentence: string;
}

/** Who wants to know what was refused. Must not throw. */
export interface RefusalObserver {
  /** A connection, or what it asked for. @param appId undefined when nobody knows which application it was for */
  connectionRefused(
    connection: Connection,
    why: PusherError | SubscriptionError,
    appId: string | undefined,
  ): void;
  requestRefused(refused: RefusedRequest): void;
}

/**
 * What goes on, in a readable form, for `--debug` alone: payloads are shown nowhere else, and
 * credentials not even here.
 */
@Injectable()
export class TrafficLog {
  private readonly logger = new Logger('Traffic');
  /** Null while nobody wants to know. */
  observer: RefusalObserver | null = null;

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

  refused(
    connection: Connection,
    why: PusherError | SubscriptionError,
    appId: string | undefined,
  ): void {
    this.observer?.connectionRefused(connection, why, appId);
    if (this.isEnabled) this.say(`${connection.socketId} refused: ${why.message}`);
  }

  /** Only an observer is told: whoever sent the request has the sentence. */
  requestRefused(request: IncomingMessage, appId: string | undefined, why: Failure): void {
    if (this.observer === null) return;
    const { status, body } = why;
    this.observer.requestRefused({ request, appId, status, sentence: body.error });
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
