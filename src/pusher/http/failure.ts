import { HttpException, type Logger } from '@nestjs/common';
import { OverloadError } from '../../scaling/overload-error.js';
import { ApiError, unavailable } from './api-error.js';

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
  const error = thrown instanceof OverloadError ? unavailable(thrown.message) : thrown;
  if (!(error instanceof HttpException)) {
    logger.error('A request could not be handled', error);
    return { status: 500, body: { error: 'The server failed, see its log.' }, headers: {} };
  }
  const headers = error instanceof ApiError ? error.headers : {};
  return { status: error.getStatus(), body: { error: error.message }, headers };
}
