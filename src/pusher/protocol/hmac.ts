import { createHmac, hash } from 'node:crypto';

/*
 * HMAC-SHA256 (RFC 2104) of a short text out of two hashes made in one call each. The objects that
 * `createHmac` makes and the garbage collector has to end cost more than the hashing, and every
 * request, every private subscription needs one.
 */

const BLOCK_SIZE = 64;
const HASH_SIZE = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
/** Characters; a longer text is left to Node. */
const MAX_LENGTH = 4096;
/** Of a character in UTF-8. */
const MAX_CHARACTER_SIZE = 3;

/* Reused for every call, which is done before anything else can happen. */
const inner = Buffer.alloc(BLOCK_SIZE + MAX_LENGTH * MAX_CHARACTER_SIZE);
const outer = Buffer.alloc(BLOCK_SIZE + HASH_SIZE);

/** In small hex digits. */
export function hmacSha256(key: string, text: string): string {
  // The length in characters is at most that in bytes.
  if (key.length > BLOCK_SIZE || text.length > MAX_LENGTH) return byNode(key, text);
  const keySize = Buffer.byteLength(key);
  if (keySize > BLOCK_SIZE) return byNode(key, text);
  outer.write(key);
  for (let i = 0; i < BLOCK_SIZE; i++) {
    const byte = i < keySize ? outer[i]! : 0;
    inner[i] = byte ^ INNER_PAD;
    outer[i] = byte ^ OUTER_PAD;
  }
  const size = inner.write(text, BLOCK_SIZE);
  outer.write(hash('sha256', inner.subarray(0, BLOCK_SIZE + size)), BLOCK_SIZE, 'hex');
  return hash('sha256', outer);
}

const byNode = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex');
