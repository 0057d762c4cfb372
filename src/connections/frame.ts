const FIN = 0x80;
const TEXT = 0x1;
const PING = 0x9;
const PONG = 0xa;

/** A finished, unmasked WebSocket text frame (RFC 6455, section 5.2): written to any number of sockets as it is. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerSize(length) + length);
  frame.write(text, writeHeader(frame, TEXT, length));
  return frame;
}

/** A PONG that answers a PING with the same payload, which the protocol keeps at or below 125 bytes. */
export function pongFrame(payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(2 + payload.length);
  payload.copy(frame, writeHeader(frame, PONG, payload.length));
  return frame;
}

/** An empty PING. */
export const PING_FRAME = Buffer.from([FIN | PING, 0]);

/** The text inside a frame made by {@link textFrame}. */
export function textOf(frame: Buffer): string {
  const length = frame[1]!;
  return frame.toString('utf8', length < 126 ? 2 : length === 126 ? 4 : 10);
}

function headerSize(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

function writeHeader(frame: Buffer, opcode: number, length: number): number {
  frame[0] = FIN | opcode;
  if (length < 126) {
    frame[1] = length;
    return 2;
  }
  if (length < 65_536) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
    return 4;
  }
  frame[1] = 127;
  frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
  frame.writeUInt32BE(length >>> 0, 6);
  return 10;
}
