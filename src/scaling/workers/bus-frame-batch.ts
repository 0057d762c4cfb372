import { BusFormError } from './bus-frame-reader.js';

/*
 * A frame: length of what follows (4), kind (1), and then by kind
 *   items     a JSON list of what is said, in order
 *   numbered  number of a topic (6), message
 *   named     length of a topic's name (4), the name, message
 * Numbers are big-endian.
 */
const ITEMS = 1;
const NUMBERED = 2;
const NAMED = 3;
const HEAD_BYTES = 5;
const NUMBER_BYTES = 6;
const NAME_LENGTH_BYTES = 4;

/** Small frames are put together in blocks. */
const BLOCK_BYTES = 65_536;
/** Characters of items in one frame, unless a single one is longer. */
const ITEMS_LENGTH = 65_536;
/** Messages from this size on are not copied. */
const LARGE_BYTES = 8_192;
const NOTHING = Buffer.alloc(0);

/** Who is told what a frame says. */
export interface BusFrameListener {
  /** Something that is said, of whatever form. */
  onItem(item: unknown): void;
  /** A message for a topic by the number that the worker gave it. */
  onNumbered(topic: number, message: Buffer): void;
  /** A message for a topic by its name. */
  onNamed(topic: string, message: Buffer): void;
}

/** What a batch hands over. */
export interface TakenBatch {
  readonly chunks: readonly Buffer[];
  /** Of all chunks, those of items. */
  readonly itemBytes: number;
}

/**
 * Gathers what is to be said to the other end of a link, in order, until it is written all at once. Items
 * that follow one another become one frame, or a few.
 */
export class BusFrameBatch {
  private chunks: Buffer[] = [];
  private chunkBytes = 0;
  private itemBytes = 0;
  private items: unknown[] = [];
  private block = NOTHING;
  /** Where in the block begins what is not among the chunks yet. */
  private start = 0;
  private at = 0;

  /** Bytes of messages that wait. */
  get messageBytes(): number {
    return this.chunkBytes + this.at - this.start - this.itemBytes;
  }

  addItem(item: unknown): void {
    this.items.push(item);
  }

  addNumbered(topic: number, message: Buffer): void {
    this.sealItems();
    this.begin(NUMBERED, NUMBER_BYTES, message.length);
    this.at = this.block.writeUIntBE(topic, this.at, NUMBER_BYTES);
    this.addBody(message);
  }

  addNamed(topic: string, message: Buffer): void {
    const length = Buffer.byteLength(topic);
    this.sealItems();
    this.begin(NAMED, NAME_LENGTH_BYTES + length, message.length);
    this.at = this.block.writeUInt32BE(length, this.at);
    this.at += this.block.write(topic, this.at);
    this.addBody(message);
  }

  /** Hands over all of it. */
  take(): TakenBatch {
    this.sealItems();
    this.cutChunk();
    const { chunks, itemBytes } = this;
    this.chunks = [];
    this.chunkBytes = 0;
    this.itemBytes = 0;
    return { chunks, itemBytes };
  }

  private sealItems(): void {
    if (this.items.length === 0) return;
    let json = '';
    for (const item of this.items) {
      const text = JSON.stringify(item);
      if (json !== '' && json.length + text.length > ITEMS_LENGTH) {
        this.addItems(json);
        json = '';
      }
      json += json === '' ? text : `,${text}`;
    }
    this.addItems(json);
    this.items = [];
  }

  private addItems(texts: string): void {
    const json = `[${texts}]`;
    const length = Buffer.byteLength(json);
    this.itemBytes += HEAD_BYTES + length;
    if (length >= LARGE_BYTES) {
      this.begin(ITEMS, 0, length);
      return this.addBody(Buffer.from(json));
    }
    this.begin(ITEMS, length, 0);
    this.at += this.block.write(json, this.at);
  }

  /** Begins a frame. There is room for its beginning in the block then, and for its body if that is small. */
  private begin(kind: number, beginningBytes: number, bodyBytes: number): void {
    const inBlock = HEAD_BYTES + beginningBytes + (bodyBytes < LARGE_BYTES ? bodyBytes : 0);
    if (this.block.length - this.at < inBlock) this.takeBlock(inBlock);
    const length = 1 + beginningBytes + bodyBytes;
    this.at = this.block.writeUInt32BE(length, this.at);
    this.at = this.block.writeUInt8(kind, this.at);
  }

  private addBody(body: Buffer): void {
    if (body.length < LARGE_BYTES) {
      this.at += body.copy(this.block, this.at);
      return;
    }
    this.cutChunk();
    this.addChunk(body);
  }

  private takeBlock(bytes: number): void {
    this.cutChunk();
    this.block = Buffer.allocUnsafeSlow(Math.max(bytes, BLOCK_BYTES));
    this.start = 0;
    this.at = 0;
  }

  private cutChunk(): void {
    if (this.at === this.start) return;
    this.addChunk(this.block.subarray(this.start, this.at));
    this.start = this.at;
  }

  private addChunk(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.chunkBytes += chunk.length;
  }
}

/**
 * Reads what {@link BusFrameBatch} wrote. Messages are views of the frame, not copies.
 * @throws BusFormError when it is anything else
 * @throws SyntaxError when the items are no JSON
 */
export function readBusFrame(frame: Buffer, listener: BusFrameListener): void {
  switch (frame[0]) {
    case ITEMS:
      for (const item of readItems(frame)) listener.onItem(item);
      return;
    case NUMBERED: {
      const messageAt = 1 + NUMBER_BYTES;
      if (frame.length < messageAt) break;
      return listener.onNumbered(frame.readUIntBE(1, NUMBER_BYTES), frame.subarray(messageAt));
    }
    case NAMED: {
      const nameAt = 1 + NAME_LENGTH_BYTES;
      if (frame.length < nameAt) break;
      const messageAt = nameAt + frame.readUInt32BE(1);
      if (frame.length < messageAt) break;
      const name = frame.toString('utf8', nameAt, messageAt);
      return listener.onNamed(name, frame.subarray(messageAt));
    }
  }
  throw new BusFormError('A frame of no known kind, or cut off.');
}

function readItems(frame: Buffer): readonly unknown[] {
  const items: unknown = JSON.parse(frame.toString('utf8', 1));
  if (!Array.isArray(items)) throw new BusFormError('Items have to be a list.');
  return items;
}
