/** Why a request got no answer. */
export class ApiFailure extends Error {
  constructor(
    /** Of HTTP; 0 when the server cannot be reached. */
    readonly status: number,
    message: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
    this.name = 'ApiFailure';
  }
}

const SENTENCES: Readonly<Record<number, string>> = {
  401: 'You are not signed in.',
  403: 'That is not allowed.',
  404: 'That is not there.',
  413: 'That is too large.',
  429: 'That was too often.',
};

function sentenceIn(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'string' && error !== '' ? error : undefined;
  } catch {
    return undefined;
  }
}

/** Reads what was refused: in the words of the server if it has some. */
export function failureOf(status: number, body: string, retryAfter: string | null): ApiFailure {
  const sentence = sentenceIn(body) ?? SENTENCES[status] ?? `The server answered ${status}.`;
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  return new ApiFailure(
    status,
    sentence,
    Number.isFinite(seconds) ? Math.ceil(seconds) : undefined,
  );
}

/** What to tell of anything that was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something went wrong.';
}
