import { createHash, timingSafeEqual } from 'node:crypto';

/** A secret that others have to know. It is not kept, only its SHA-256. */
export class KnownSecret {
  private readonly digest: Buffer;

  constructor(secret: string) {
    this.digest = digestOf(secret);
  }

  /** Whether it was given. Takes as long wherever the two differ, and however long they are. */
  is(given: string): boolean {
    return timingSafeEqual(digestOf(given), this.digest);
  }
}

const digestOf = (secret: string) => createHash('sha256').update(secret).digest();
