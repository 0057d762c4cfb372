import { randomFillSync } from 'node:crypto';

const POOL_SIZE = 12 * 128;

/**
 * Makes socket ids: two numbers of 48 random bits from the system's generator, so that an id can
 * neither be guessed nor met twice in a cluster. One generator draws for many ids at once.
 */
export class SocketIdGenerator {
  private readonly pool = Buffer.alloc(POOL_SIZE);
  private position = POOL_SIZE;

  next(): string {
    if (this.position === POOL_SIZE) {
      randomFillSync(this.pool);
      this.position = 0;
    }
    const first = this.pool.readUIntBE(this.position, 6);
    const second = this.pool.readUIntBE(this.position + 6, 6);
    this.position += 12;
    return `${first}.${second}`;
  }
}

/** Whether a text has the form of a socket id. */
export function isSocketId(text: string): boolean {
  return /^\d+\.\d+$/.test(text) && text.length <= 64;
}
