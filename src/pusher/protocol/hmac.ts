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
/** The key whose blocks the two begin with: mostly the next one is the same. */
let prepared: string | undefined;

/** In small hex digits. */
export function hmacSha256(key: string, text: string): string {
  if (text.length > MAX_LENGTH || (key !== prepared && !prepare(key))) return byNode(key, text);
  const size = inner.write(text, BLOCK_SIZE);
  outer.write(hash('sha256', inner.subarray(0, BLOCK_SIZE + size)), BLOCK_SIZE, 'hex');
  return hash('sha256', outer);
}

/** @returns false for a key that is longer than a block */
function prepare(key: string): boolean {
  const size = Buffer.byteLength(key);
  if (size > BLOCK_SIZE) return false;
  outer.write(key);
  for (let i = 0; i < BLOCK_SIZE; i++) {
    const byte = i < size ? outer[i]! : 0;
    inner[i] = byte ^ INNER_PAD;
    outer[i] = byte ^ OUTER_PAD;
  }
  prepared = key;
  return true;
}

const byNode = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex');
