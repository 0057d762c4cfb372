import type { Socket } from 'node:net';
import { BusFormError } from './bus-frame-reader.js';
import { BusSocket, type BusSocketListener } from './bus-socket.js';
import type { HubWorker, WorkerWay } from './hub-worker.js';

/** Who has not said hello has not much to say. */
const STRANGER_BYTES = 4096;
/** What comes with a message that is as long as the buffer. */
const MARGIN_BYTES = 1_048_576;
/** A single item may be that long, however small the buffer is: an event that is cached, an answer that is made. */
const ITEM_BYTES = 16_777_216;

/** What the hub does with what comes over a link. */
export interface HubLinkListener {
  /** The first thing that is said. @throws Error when it is no hello of somebody who may come in */
  greet(link: HubLink, item: unknown): HubWorker;
  onItem(worker: HubWorker, item: unknown): void;
  onNumbered(worker: HubWorker, topic: number, message: Buffer): void;
  onNamed(worker: HubWorker, topic: string, message: Buffer): void;
  /** The link is over. */
  onClosed(link: HubLink): void;
  /** The link is about to be over, because of what came. */
  onFault(link: HubLink, error: unknown): void;
}

/** The hub's end of the link to one worker, from before it is known which. */
export class HubLink implements BusSocketListener, WorkerWay {
  worker: HubWorker | undefined;
  /** It said nothing for too long, or did not read. */
  isSilent = false;
  private readonly socket: BusSocket;
  private silentBeats = 0;

  /**
   * @param bufferSize with more bytes of messages that wait for the worker the link is cut. Answers are
   * as long as they are, and the worker asks for one long one at a time.
   */
  constructor(
    socket: Socket,
    private readonly bufferSize: number,
    private readonly listener: HubLinkListener,
  ) {
    this.socket = new BusSocket(socket, STRANGER_BYTES, this);
  }

  /** Writes so far: at most one in a turn of the event loop. */
  get writes(): number {
    return this.socket.writes;
  }

  sendItem(item: unknown): void {
    this.socket.sendItem(item);
  }

  sendNumbered(topic: number, message: Buffer): void {
    this.checkRoom();
    this.socket.sendNumbered(topic, message);
  }

  /** A heartbeat has passed. After more than `limit` of them without a word the link is cut. */
  beat(limit: number): void {
    this.silentBeats += 1;
    if (this.silentBeats > limit) this.cut();
  }

  destroy(): void {
    this.socket.destroy();
  }

  onItem(item: unknown): void {
    this.silentBeats = 0;
    if (this.worker !== undefined) return this.listener.onItem(this.worker, item);
    this.worker = this.listener.greet(this, item);
    this.socket.limitBytes = Math.max(this.bufferSize, ITEM_BYTES) + MARGIN_BYTES;
  }

  onNumbered(topic: number, message: Buffer): void {
    this.silentBeats = 0;
    this.listener.onNumbered(this.acquaintance, topic, message);
  }

  onNamed(topic: string, message: Buffer): void {
    this.silentBeats = 0;
    this.listener.onNamed(this.acquaintance, topic, message);
  }

  onClosed(): void {
    this.listener.onClosed(this);
  }

  onFault(error: unknown): void {
    this.listener.onFault(this, error);
  }

  private checkRoom(): void {
    if (this.socket.unsentMessageBytes > this.bufferSize) this.cut();
  }

  private cut(): void {
    this.isSilent = true;
    this.socket.destroy();
  }

  private get acquaintance(): HubWorker {
    if (this.worker === undefined) throw new BusFormError('Somebody does not say hello.');
    return this.worker;
  }
}
