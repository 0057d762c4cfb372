import type { IncomingMessage } from 'node:http';
import type { SessionTicket } from '../access/session-seal.js';

/** A request of the page that was let in. */
export interface AdmittedRequest {
  readonly request: IncomingMessage;
  readonly ticket: SessionTicket;
  /** The variable parts of the path, decoded. */
  readonly parameters: readonly string[];
  readonly search: string;
  /** Empty for none. */
  readonly body: object;
}
