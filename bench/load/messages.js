// @ts-check
/**
 * What the load client publishes, and how it finds a message's number in a received frame without
 * parsing it: the number stands between two marks that occur nowhere else in a frame.
 */

const MARK = '@';
const MARK_BYTE = MARK.charCodeAt(0);
const DIGITS = 8;
const DIGIT_ZERO = 48;

/**
 * JSON in a string, as applications send it, so that a server has quotes to escape.
 * @param {number} sequence
 * @param {number} size bytes of data
 * @returns {string}
 */
export function dataOf(sequence, size) {
  const number = String(sequence).padStart(DIGITS, '0');
  const head = `{"sequence":"${MARK}${number}${MARK}","text":"`;
  return `${head}${'x'.repeat(Math.max(0, size - head.length - 2))}"}`;
}

/** Reads sequence numbers; remembers where in the frame the last one stood. */
export class SequenceReader {
  #offset = 0;

  /**
   * @param {Buffer} bytes
   * @param {number} start of the frame's payload
   * @param {number} end
   * @returns {number} -1 when there is none
   */
  read(bytes, start, end) {
    let at = start + this.#offset;
    if (bytes[at] !== MARK_BYTE || bytes[at + DIGITS + 1] !== MARK_BYTE) {
      at = bytes.indexOf(MARK_BYTE, start);
      if (at < 0) return -1;
    }
    if (at + DIGITS + 1 >= end || bytes[at + DIGITS + 1] !== MARK_BYTE) return -1;
    this.#offset = at - start;
    let sequence = 0;
    for (let digit = at + 1; digit <= at + DIGITS; digit++) {
      sequence = sequence * 10 + (bytes[digit] ?? 0) - DIGIT_ZERO;
    }
    return sequence;
  }
}
