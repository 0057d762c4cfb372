import { randomInt } from 'node:crypto';

/** What identifies an application. */
export interface Credentials {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

function randomText(length: number): string {
  return Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** Unguessable; the id is a number, as some server SDKs want it. */
export function createCredentials(): Credentials {
  return { id: String(randomInt(100_000, 1_000_000)), key: randomText(20), secret: randomText(40) };
}

/** Lines of a `.env` file that hold credentials; an empty value holds none. */
const HOLDS_CREDENTIALS =
  /^[ \t]*(?:export[ \t]+)?REVERB_APP_(?:ID|KEY|SECRET)[ \t]*=[ \t]*[^\s#]/m;

/** Whether a `.env` file has credentials already. */
export function hasCredentials(content: string): boolean {
  return HOLDS_CREDENTIALS.test(content);
}

/** The content of a `.env` file with these credentials; everything else stays as it is. */
export function withCredentials(content: string, credentials: Credentials): string {
  const missing: string[] = [];
  let replaced = content;
  for (const [name, value] of [
    ['REVERB_APP_ID', credentials.id],
    ['REVERB_APP_KEY', credentials.key],
    ['REVERB_APP_SECRET', credentials.secret],
  ] as const) {
    const line = new RegExp(`^([ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=)[^\\r\\n]*`, 'gm');
    if (line.test(replaced)) replaced = replaced.replace(line, `$1${value}`);
    else missing.push(`${name}=${value}\n`);
  }
  if (missing.length === 0) return replaced;
  const gap = replaced === '' ? '' : replaced.endsWith('\n') ? '\n' : '\n\n';
  return replaced + gap + missing.join('');
}
