import type { ClusterMessage, FrameMessage } from './cluster-message.js';
import { readClusterMessageFields } from './cluster-message-fields.js';
import { readTrace, TRACE_SIZE, traceBytesOf } from './trace-block.js';

/** A cluster message under way, and what tells it apart from all others. */
export interface Envelope {
  /** The node that sent it: 16 hexadecimal digits, in small letters. */
  readonly origin: string;
  /** Grows over all messages of the origin, whatever their topic. Begins at 1. */
  readonly sequence: number;
  /** Sequence of the message that the origin sent to the same topic before this; 0: unknown. */
  readonly previous: number;
  readonly message: ClusterMessage;
}

/*
 * Version 1, numbers big-endian:
 *   0  magic, F5 52: no text begins like that
 *   2  version it is written in
 *   3  oldest version whose readers understand this
 *   4  kind
 *   5  origin, 8 bytes
 *  13  sequence, 6 bytes
 *  19  previous, 6 bytes
 *  25  kind `frame`: lengths of application id (2), channel (2), except-socket (2, FFFF: none) and
 *      frame (4), and then these four; every other kind: length (4), and then a JSON object
 * Version 2, of the kind `frame` alone: behind all that, the trace it belongs to (25). What has none is
 * written in version 1. Later versions have these bytes as well, zeros for none.
 * A later version may add kinds, members of the JSON objects, and bytes behind all that, and stay
 * readable for version 1. What changes anything else has to raise byte 3.
 */
const MAGIC = 0xf552;
const OLDEST_VERSION = 1;
const NEWEST_VERSION = 2;
const KIND_AT = 4;
const ORIGIN_AT = 5;
const SEQUENCE_AT = 13;
const PREVIOUS_AT = 19;
const BODY_AT = 25;
const FRAME_LENGTHS = 10;
const JSON_LENGTH = 4;
const NO_SOCKET = 0xffff;
const ORIGIN_PATTERN = /^[\da-f]{16}$/;

const KINDS = {
  frame: 1,
  members: 2,
  terminate: 3,
  'user-status': 4,
  ask: 5,
  answer: 6,
  restart: 7,
} as const satisfies Record<ClusterMessage['type'], number>;

const TYPES = new Map(
  Object.entries(KINDS).map(([type, kind]) => [kind as number, type as ClusterMessage['type']]),
);

/**
 * The bytes of a cluster message, for drivers whose messages leave the process. A finished frame
 * is in there as it is.
 * @throws RangeError when the origin is no node id, or a name is longer than 65 534 bytes
 */
export function encodeClusterMessage(envelope: Envelope): Buffer {
  const { origin, sequence, previous, message } = envelope;
  if (!ORIGIN_PATTERN.test(origin)) throw new RangeError('A node id has 16 hexadecimal digits.');
  const trace = message.type === 'frame' ? traceBytesOf(message.traceparent) : undefined;
  const bytes = message.type === 'frame' ? allocateFrame(message, trace) : allocateJson(message);
  bytes.writeUInt16BE(MAGIC, 0);
  bytes[2] = trace === undefined ? OLDEST_VERSION : NEWEST_VERSION;
  bytes[3] = OLDEST_VERSION;
  bytes[KIND_AT] = KINDS[message.type];
  bytes.write(origin, ORIGIN_AT, 'hex');
  bytes.writeUIntBE(sequence, SEQUENCE_AT, 6);
  bytes.writeUIntBE(previous, PREVIOUS_AT, 6);
  return bytes;
}

/**
 * Reads what {@link encodeClusterMessage} wrote, on a node of this or a neighbouring version. A
 * frame is a view of the given bytes, not a copy. Never throws.
 * @returns undefined when it is anything else: garbage, or of a version or kind unknown here
 */
export function decodeClusterMessage(bytes: Buffer): Envelope | undefined {
  if (bytes.length < BODY_AT || bytes.readUInt16BE(0) !== MAGIC) return undefined;
  const version = bytes[2]!;
  const readableBy = bytes[3]!;
  if (version < OLDEST_VERSION || readableBy > NEWEST_VERSION || readableBy === 0) return undefined;
  const type = TYPES.get(bytes[KIND_AT]!);
  const sequence = bytes.readUIntBE(SEQUENCE_AT, 6);
  const previous = bytes.readUIntBE(PREVIOUS_AT, 6);
  if (type === undefined || sequence === 0 || previous >= sequence) return undefined;
  const message = type === 'frame' ? readFrame(bytes, version) : readJson(type, bytes, version);
  if (message === undefined) return undefined;
  return { origin: bytes.toString('hex', ORIGIN_AT, SEQUENCE_AT), sequence, previous, message };
}

function allocateFrame(
  { appId, channel, exceptSocketId, frame }: FrameMessage,
  trace: Buffer | undefined,
): Buffer {
  const appIdLength = nameLength(appId);
  const channelLength = nameLength(channel);
  const socketLength = exceptSocketId === undefined ? 0 : nameLength(exceptSocketId);
  let at = BODY_AT + FRAME_LENGTHS;
  const size = at + appIdLength + channelLength + socketLength + frame.length;
  const bytes = Buffer.allocUnsafe(size + (trace?.length ?? 0));
  bytes.writeUInt16BE(appIdLength, BODY_AT);
  bytes.writeUInt16BE(channelLength, BODY_AT + 2);
  bytes.writeUInt16BE(exceptSocketId === undefined ? NO_SOCKET : socketLength, BODY_AT + 4);
  bytes.writeUInt32BE(frame.length, BODY_AT + 6);
  at += bytes.write(appId, at);
  at += bytes.write(channel, at);
  if (exceptSocketId !== undefined) at += bytes.write(exceptSocketId, at);
  frame.copy(bytes, at);
  trace?.copy(bytes, size);
  return bytes;
}

function nameLength(name: string): number {
  const length = Buffer.byteLength(name);
  if (length >= NO_SOCKET) throw new RangeError('A name is too long for a cluster message.');
  return length;
}

function readFrame(bytes: Buffer, version: number): FrameMessage | undefined {
  const appIdAt = BODY_AT + FRAME_LENGTHS;
  if (bytes.length < appIdAt) return undefined;
  const socketLength = bytes.readUInt16BE(BODY_AT + 4);
  const hasSocket = socketLength !== NO_SOCKET;
  const channelAt = appIdAt + bytes.readUInt16BE(BODY_AT);
  const socketAt = channelAt + bytes.readUInt16BE(BODY_AT + 2);
  const frameAt = hasSocket ? socketAt + socketLength : socketAt;
  const end = frameAt + bytes.readUInt32BE(BODY_AT + 6);
  const hasTrace = version > OLDEST_VERSION;
  if (!endsAt(hasTrace ? end + TRACE_SIZE : end, bytes, version)) return undefined;
  return {
    type: 'frame',
    appId: bytes.toString('utf8', appIdAt, channelAt),
    channel: bytes.toString('utf8', channelAt, socketAt),
    frame: bytes.subarray(frameAt, end),
    exceptSocketId: hasSocket ? bytes.toString('utf8', socketAt, frameAt) : undefined,
    traceparent: hasTrace ? readTrace(bytes, end) : undefined,
  };
}

function allocateJson(message: Exclude<ClusterMessage, FrameMessage>): Buffer {
  const json = JSON.stringify({ ...message, type: undefined });
  const length = Buffer.byteLength(json);
  const bytes = Buffer.allocUnsafe(BODY_AT + JSON_LENGTH + length);
  bytes.writeUInt32BE(length, BODY_AT);
  bytes.write(json, BODY_AT + JSON_LENGTH);
  return bytes;
}

function readJson(
  type: Exclude<ClusterMessage['type'], 'frame'>,
  bytes: Buffer,
  version: number,
): ClusterMessage | undefined {
  const jsonAt = BODY_AT + JSON_LENGTH;
  if (bytes.length < jsonAt) return undefined;
  const end = jsonAt + bytes.readUInt32BE(BODY_AT);
  if (!endsAt(end, bytes, version)) return undefined;
  return readClusterMessageFields(type, bytes.toString('utf8', jsonAt, end));
}

/** Only a later version may have more to say. */
function endsAt(end: number, bytes: Buffer, version: number): boolean {
  return version <= NEWEST_VERSION ? end === bytes.length : end <= bytes.length;
}
