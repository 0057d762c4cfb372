// @ts-check
/** The little of RFC 6455 a client on loopback needs. */
import { randomBytes } from 'node:crypto';

export const Opcode = Object.freeze({ text: 0x1, close: 0x8, ping: 0x9, pong: 0xa });

/**
 * One key for the whole process: frames are built once and shared. It is not zero, so the server
 * has to unmask as it would for a browser.
 */
const MASK = Buffer.concat([Buffer.from([0x5a]), randomBytes(3)]);

/**
 * @param {number} opcode
 * @param {Buffer | string} payload at most 65 535 bytes
 * @returns {Buffer} a finished, masked frame
 */
export function clientFrame(opcode, payload) {
  const body = Buffer.from(/** @type {string} */ (payload));
  for (let i = 0; i < body.length; i++) body[i] = (body[i] ?? 0) ^ (MASK[i & 3] ?? 0);
  const isShort = body.length < 126;
  const header = Buffer.alloc(isShort ? 2 : 4);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (isShort ? body.length : 126);
  if (!isShort) header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, MASK, body]);
}

/**
 * Calls back for every whole frame in bytes[0..end).
 * @param {Buffer} bytes
 * @param {number} end
 * @param {{ onFrame(firstByte: number, bytes: Buffer, start: number, end: number): void }} receiver
 * @returns {number} how many bytes were read; -1 when this is no server frame
 */
export function readFrames(bytes, end, receiver) {
  let at = 0;
  while (end - at >= 2) {
    const first = bytes[at] ?? 0;
    let size = bytes[at + 1] ?? 0;
    let start = at + 2;
    if (size > 127) return -1; // masked
    if (size === 126) {
      if (end - at < 4) break;
      size = bytes.readUInt16BE(start);
      start += 2;
    } else if (size === 127) {
      if (end - at < 10) break;
      if (bytes.readUInt32BE(start) !== 0) return -1; // 4 GB: nothing here is that big
      size = bytes.readUInt32BE(start + 4);
      start += 8;
    }
    if (end - start < size) break;
    receiver.onFrame(first, bytes, start, start + size);
    at = start + size;
  }
  return at;
}
