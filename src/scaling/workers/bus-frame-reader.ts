/** Whoever writes does not keep to the form: nothing of what follows can be understood. */
export class BusFormError extends Error {}

const LENGTH_BYTES = 4;

/**
 * Cuts a stream of bytes into frames: a length in 4 bytes, and so many bytes. Pure. Keeps no more than
 * one frame and what came with its end.
 */
export class BusFrameReader {
  private parts: Buffer[] = [];
  private size = 0;
  /** With fewer bytes there is nothing to be had. */
  private needed = LENGTH_BYTES;

  /** @param limitBytes the longest frame that is taken; may change between two frames */
  constructor(public limitBytes: number) {}

  /**
   * Takes what came, and hands over each frame that is complete: a view of what came, not a copy.
   * @throws BusFormError when a frame is empty or too long
   */
  read(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    this.parts.push(chunk);
    this.size += chunk.length;
    if (this.size < this.needed) return;
    const bytes = this.parts.length === 1 ? chunk : Buffer.concat(this.parts, this.size);
    let at = 0;
    this.needed = LENGTH_BYTES;
    while (bytes.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + this.lengthAt(bytes, at);
      if (end > bytes.length) {
        this.needed = end - at;
        break;
      }
      onFrame(bytes.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    this.parts = at < bytes.length ? [bytes.subarray(at)] : [];
    this.size = bytes.length - at;
  }

  private lengthAt(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32BE(at);
    if (length > 0 && length <= this.limitBytes) return length;
    throw new BusFormError(`A frame has 1 to ${this.limitBytes} bytes, not ${length}.`);
  }
}
