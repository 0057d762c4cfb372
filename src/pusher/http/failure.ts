import { HttpException, type Logger } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { HookFault } from '../../extensions/hook-call.js';
import { Refusal } from '../../extensions/refusal.js';
import { OverloadError } from '../../scaling/overload-error.js';
import { ApiError, forbidden, unavailable } from './api-error.js';

/** What a request is told that could not be served. */
export interface Failure {
  readonly status: number;
  readonly body: { readonly error: string };
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Makes an answer of what was thrown: `{"error": …}` with the status of the contract. What is no
 * refusal is our fault, which is logged whole and told to nobody.
 */
export function failureOf(thrown: unknown, logger: Logger): Failure {
  const error = asAnswer(thrown);
  if (!(error instanceof HttpException)) {
    logger.error('A request could not be handled', error);
    return { status: 500, body: { error: 'The server failed, see its log.' }, headers: {} };
  }
  const body = { error: error.message };
  if (error instanceof ApiError) return { status: error.getStatus(), body, headers: error.headers };
  return { status: knownStatusOf(error), body, headers: {} };
}

/** What is thrown below the API, as the API says it. */
function asAnswer(thrown: unknown): unknown {
  if (thrown instanceof OverloadError || thrown instanceof HookFault) {
    return unavailable(thrown.message);
  }
  const isRefusal = thrown instanceof Refusal || thrown instanceof WsException;
  return isRefusal ? forbidden(thrown.message) : thrown;
}

/** Refusals that client libraries know what to do about. */
const KNOWN_REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 413, 429]);

/** Guards and extensions of a host may refuse with any status, but libraries know only some. */
function knownStatusOf(error: HttpException): number {
  const status = error.getStatus();
  return status >= 500 || KNOWN_REFUSALS.has(status) ? status : 403;
}
