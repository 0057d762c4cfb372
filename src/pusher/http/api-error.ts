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

export const badRequest = (sentence: string) => new ApiError(400, sentence);
export const unauthorized = (sentence: string) => new ApiError(401, sentence);
export const forbidden = (sentence: string) => new ApiError(403, sentence);
export const notFound = (sentence: string) => new ApiError(404, sentence);
export const tooLarge = (sentence: string) => new ApiError(413, sentence);

/** @param allowed the methods the path knows */
export const methodNotAllowed = (allowed: string) =>
  new ApiError(405, `The method must be ${allowed}.`, { Allow: allowed });

export const tooManyRequests = (sentence: string) =>
  new ApiError(429, sentence, { 'Retry-After': '1' });

export const unavailable = (sentence: string) =>
  new ApiError(503, sentence, { 'Retry-After': '1' });
