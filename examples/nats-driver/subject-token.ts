import { createHash } from 'node:crypto';

/**
 * A part of a NATS subject or key that stands for a text. Topics, channels and users may be called
 * anything, and a subject takes neither blanks nor dots, nor more than a line of them.
 */
export function tokenOf(text: string): string {
  // In UTF-8 all broken surrogates would be the same.
  return createHash('sha256').update(text, 'utf16le').digest('base64url');
}

/** What all subjects begin with, and what the bucket is called: the prefix of the options, made safe. */
export function safePrefix(prefix: string): string {
  return prefix.replace(/[^-\w]/g, '_');
}
