import type { Socket } from 'node:net';
import { BusFrameBatch, readBusFrame, type BusFrameListener } from './bus-frame-batch.js';
import { BusFrameReader } from './bus-frame-reader.js';

/** Who uses one end of a link. */
export interface BusSocketListener extends BusFrameListener {
  /** The link is over, by whichever end. Called once, and nothing else after it. */
  onClosed(): void;
  /** What came could not be understood. The link is over. */
  onFault(error: unknown): void;
}

/** What is done at the end of a turn. What it returns is called when all of the turn is written. */
export type TurnWork = () => (() => void) | undefined;

/**
 * One end of the link between a worker and the hub. What is said in one turn of the event loop leaves in
 * one write, in the order it was said.
 */
export class BusSocket {
  /** So far. */
  writes = 0;
  private readonly batch = new BusFrameBatch();
  private readonly reader: BusFrameReader;
  private works: TurnWork[] = [];
  private isScheduled = false;
  private isDeaf = false;
  /** Of what the socket has not handed over yet, at most so much are items. */
  private unsentItemBytes = 0;

  constructor(
    private readonly socket: Socket,
    limitBytes: number,
    private readonly listener: BusSocketListener,
  ) {
    this.reader = new BusFrameReader(limitBytes);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    // It is followed by `close`.
    socket.on('error', () => undefined);
    socket.on('close', () => this.close());
  }

  /** The longest frame that is taken. */
  set limitBytes(limitBytes: number) {
    this.reader.limitBytes = limitBytes;
  }

  /** Bytes of messages that the other end has not been handed yet. What is said in items does not count. */
  get unsentMessageBytes(): number {
    const unsentBytes = this.socket.writableLength - this.unsentItemBytes;
    return this.batch.messageBytes + Math.max(0, unsentBytes);
  }

  sendItem(item: unknown): void {
    this.batch.addItem(item);
    this.schedule();
  }

  sendNumbered(topic: number, message: Buffer): void {
    this.batch.addNumbered(topic, message);
    this.schedule();
  }

  sendNamed(topic: string, message: Buffer): void {
    this.batch.addNamed(topic, message);
    this.schedule();
  }

  /** Does something at the end of the turn, before what was said in it leaves. */
  atTurnEnd(work: TurnWork): void {
    this.works.push(work);
    this.schedule();
  }

  /** Writes what was said, and then closes. */
  end(): void {
    this.flush();
    this.socket.end();
  }

  /** Closes at once; what was said and not written is lost. */
  destroy(): void {
    this.isDeaf = true;
    this.socket.destroy();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.isScheduled = false;
    const { works } = this;
    this.works = [];
    const callbacks = works.map((work) => work());
    const { chunks, itemBytes } = this.batch.take();
    this.unsentItemBytes += itemBytes;
    this.write(chunks, () => {
      this.unsentItemBytes -= itemBytes;
      for (const callback of callbacks) callback?.();
    });
  }

  private write(chunks: readonly Buffer[], onWritten: () => void): void {
    if (chunks.length === 0 || !this.socket.writable) return onWritten();
    this.writes += 1;
    this.socket.cork();
    chunks.forEach((chunk, i) =>
      this.socket.write(chunk, i === chunks.length - 1 ? onWritten : undefined),
    );
    this.socket.uncork();
  }

  private read(chunk: Buffer): void {
    try {
      this.reader.read(chunk, (frame) => {
        if (!this.isDeaf) readBusFrame(frame, this.listener);
      });
    } catch (error) {
      if (this.isDeaf) return;
      this.destroy();
      this.listener.onFault(error);
    }
  }

  private close(): void {
    this.isDeaf = true;
    this.works = [];
    this.listener.onClosed();
  }
}
