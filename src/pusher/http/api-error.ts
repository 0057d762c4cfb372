import { HttpException } from '@nestjs/common';

/** Why an API request is refused: a status of the contract, and one sentence for the developer. */
export class ApiError extends HttpException {
  constructor(
    status: number,
    sentence: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super({ error: sentence }, status);
    this.message = sentence;
  }
}

/** 400: the request is wrong in a way its sender can mend. */
export const badRequest = (sentence: string) => new ApiError(400, sentence);
/** 401: the signature does not hold. */
export const unauthorized = (sentence: string) => new ApiError(401, sentence);
/** 403: the signature holds, the application may not. */
export const forbidden = (sentence: string) => new ApiError(403, sentence);
/** 404: there is no such path, or no such application. */
export const notFound = (sentence: string) => new ApiError(404, sentence);
/** 413: the body, or the data of an event, is larger than allowed. */
export const tooLarge = (sentence: string) => new ApiError(413, sentence);

/** @param allowed the methods the path knows */
export const methodNotAllowed = (allowed: string) =>
  new ApiError(405, `The method must be ${allowed}.`, { Allow: allowed });

/** 429: somebody is over a rate, and may try again later. */
export const tooManyRequests = (sentence: string, retryAfterSeconds = 1) =>
  new ApiError(429, sentence, { 'Retry-After': String(retryAfterSeconds) });

/** 503: this server cannot now; the same request may be sent again a second later. */
export const unavailable = (sentence: string) =>
  new ApiError(503, sentence, { 'Retry-After': '1' });

/** The server drains. Whoever tries again does so with another connection, and perhaps another server. */
export const shuttingDown = () =>
  new ApiError(503, 'The server is shutting down.', { 'Retry-After': '1', Connection: 'close' });

/** Nothing is served at the path. */
export const noSuchPath = () => notFound('There is nothing at this path.');
