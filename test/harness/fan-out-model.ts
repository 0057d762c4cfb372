import { textFrame } from '../../src/connections/frame.js';

/** What a receiver was sent: a frame of a channel, or one that was written to it alone. */
export interface ModelFrame {
  readonly channel: string;
  readonly id: number;
}

const DIRECT = 'direct';

/** How many frames of each channel may and must have come before a direct frame. */
interface Bounds {
  readonly settled: ReadonlyMap<string, number>;
  readonly due: ReadonlyMap<string, number>;
}

/** All that one receiver is due. */
class Receiver {
  /** Ids by channel, in the order they were broadcast. */
  readonly due = new Map<string, number[]>();
  readonly settled = new Map<string, number>();
  readonly direct = new Map<number, Bounds>();

  duesOf(channel: string): number[] {
    let ids = this.due.get(channel);
    if (ids === undefined) this.due.set(channel, (ids = []));
    return ids;
  }

  settle(channel: string): void {
    this.settled.set(channel, this.duesOf(channel).length);
  }
}

/**
 * Knows which frames every receiver of some fan-outs must get, and what may stand before what: it is
 * told whatever the fan-outs are told, and later what arrived.
 */
export class FanOutModel {
  private readonly receivers = new Map<number, Receiver>();
  private readonly members = new Map<string, Set<number>>();
  private lastId = 0;

  /** Whether a receiver holds a seat. */
  has(channel: string, receiver: number): boolean {
    return this.membersOf(channel).has(receiver);
  }

  join(channel: string, receiver: number): void {
    this.membersOf(channel).add(receiver);
  }

  /** Whoever gives up its seat gets what it is due first. */
  leave(channel: string, receiver: number): void {
    this.receiver(receiver).settle(channel);
    this.membersOf(channel).delete(receiver);
  }

  settle(channel: string, receiver: number): void {
    this.receiver(receiver).settle(channel);
  }

  /** @returns the frame to broadcast */
  broadcast(channel: string, size: number, except?: number): Buffer {
    const id = ++this.lastId;
    for (const receiver of this.membersOf(channel)) {
      if (receiver !== except) this.receiver(receiver).duesOf(channel).push(id);
    }
    return encode({ channel, id }, size);
  }

  /** @returns the frame to write to that receiver alone, at once */
  direct(receiver: number): Buffer {
    const id = ++this.lastId;
    const { due, settled, direct } = this.receiver(receiver);
    const counts = new Map(Array.from(due, ([channel, ids]) => [channel, ids.length] as const));
    direct.set(id, { settled: new Map(settled), due: counts });
    return encode({ channel: DIRECT, id }, 0);
  }

  /** How many frames a receiver is due, from channels and written to it alone. */
  countOf(receiver: number): number {
    const { due, direct } = this.receiver(receiver);
    let count = direct.size;
    for (const ids of due.values()) count += ids.length;
    return count;
  }

  /**
   * What is wrong with the frames that came to a receiver, undefined when nothing is.
   * @param isComplete false for a receiver that was cut off: the end may be missing, but nothing else
   */
  faultOf(receiver: number, frames: readonly ModelFrame[], isComplete = true): string | undefined {
    const { due, direct } = this.receiver(receiver);
    const counts = new Map<string, number>();
    const directIds = [...direct.keys()];
    for (const { channel, id } of frames) {
      const count = counts.get(channel) ?? 0;
      const expected = channel === DIRECT ? directIds[count] : due.get(channel)?.[count];
      if (expected !== id) return `${channel} ${id} came where ${expected} was due`;
      counts.set(channel, count + 1);
      const fault = channel === DIRECT ? boundsFault(direct.get(id)!, counts) : undefined;
      if (fault !== undefined) return `direct ${id}: ${fault}`;
    }
    if (!isComplete || frames.length === this.countOf(receiver)) return undefined;
    return `${frames.length} frames came of ${this.countOf(receiver)}`;
  }

  private receiver(index: number): Receiver {
    let receiver = this.receivers.get(index);
    if (receiver === undefined) this.receivers.set(index, (receiver = new Receiver()));
    return receiver;
  }

  private membersOf(channel: string): Set<number> {
    let members = this.members.get(channel);
    if (members === undefined) this.members.set(channel, (members = new Set()));
    return members;
  }
}

function boundsFault(
  { settled, due }: Bounds,
  counts: ReadonlyMap<string, number>,
): string | undefined {
  for (const [channel, least] of settled) {
    if ((counts.get(channel) ?? 0) < least) return `it overtook what was settled in ${channel}`;
  }
  for (const [channel, count] of counts) {
    if (channel !== DIRECT && count > (due.get(channel) ?? 0)) {
      return `it came after something that was broadcast later in ${channel}`;
    }
  }
  return undefined;
}

function encode({ channel, id }: ModelFrame, size: number): Buffer {
  return textFrame(`${channel} ${id} ${'x'.repeat(size)}`);
}

/** Reads the text of a frame the model made. */
export function decodeText(text: string): ModelFrame {
  const [channel = '', id = ''] = text.slice(0, 40).split(' ');
  return { channel, id: Number(id) };
}

/** Reads what was written: one frame of the model, or several joined. */
export function decodeBytes(bytes: Buffer): ModelFrame[] {
  const frames: ModelFrame[] = [];
  let position = 0;
  while (position < bytes.length) {
    const [start, length] = payloadOf(bytes, position);
    frames.push(decodeText(bytes.toString('utf8', start, start + Math.min(length, 40))));
    position = start + length;
  }
  if (position !== bytes.length) throw new Error('A frame is torn.');
  return frames;
}

function payloadOf(bytes: Buffer, position: number): readonly [start: number, length: number] {
  const length = bytes[position + 1]!;
  if (length < 126) return [position + 2, length];
  if (length === 126) return [position + 4, bytes.readUInt16BE(position + 2)];
  return [position + 10, Number(bytes.readBigUInt64BE(position + 2))];
}
