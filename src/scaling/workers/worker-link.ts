import { randomBytes } from 'node:crypto';
import { createConnection } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Awaitable } from '../awaitable.js';
import { SCALING_OPTIONS, type ScalingOptions } from '../scaling.options.js';
import {
  BUS_VERSION,
  HEARTBEATS_OF_LEASE,
  type BusNotices,
  type BusQuestions,
  type BusRemarks,
  type Hello,
  type Said,
} from './bus-protocol.js';
import { BusSocket, type TurnWork } from './bus-socket.js';
import { OpenQuestions } from './open-questions.js';

/** How long the hub may take to let this worker in, and to let it go. */
const OPEN_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1_000;
/** The hub is trusted: whatever it sends is read. */
const LIMIT_BYTES = 0xffff_ffff;

/** `idle`: nobody needs it. `closed`: in order, by this worker. */
export type WorkerLinkStatus = 'idle' | 'opening' | 'up' | 'lost' | 'closed';

/** Who is told of what the hub says unasked. */
export type NoticeListeners = Partial<Omit<BusNotices, 'answer' | 'welcome' | 'pong'>>;

/**
 * The link of this process, a worker, to the hub in the process that started it: one socket, which the
 * two drivers share. Does nothing until a driver makes use of it. A link that is lost is not made anew:
 * without it the process is no part of the server any more, and has to end.
 */
@Injectable()
export class WorkerLink {
  readonly nodeId = randomBytes(8).toString('hex');
  private readonly logger = new Logger(WorkerLink.name);
  private readonly questions = new OpenQuestions();
  private readonly lostListeners: (() => void)[] = [];
  private readonly overListeners: (() => void)[] = [];
  private listeners: NoticeListeners = {};
  private messageListener: (topic: number, message: Buffer) => void = () => undefined;
  private currentStatus: WorkerLinkStatus = 'idle';
  private overMs = 0;
  private socket: BusSocket | undefined;
  private readonly decided = deferred();
  private readonly closed = deferred();
  private opening: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  /** Who has opened it, and not closed it yet. */
  private users = 0;
  private silentBeats = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(SCALING_OPTIONS) private readonly options: ScalingOptions) {}

  get status(): WorkerLinkStatus {
    return this.currentStatus;
  }

  /** Nothing can be said any more. */
  get isOver(): boolean {
    return this.currentStatus === 'lost' || this.currentStatus === 'closed';
  }

  /** Milliseconds since the hub could be reached last, 0 while it can. */
  get unreachableMs(): number {
    return this.isOver ? performance.now() - this.overMs : 0;
  }

  /**
   * Calls back when the link is lost, or could not be had: the process that started this one is dead or
   * broken, or took this one for dead. At once if that is so already. Not when it is closed in order.
   */
  onLost(listener: () => void): void {
    if (this.currentStatus === 'lost') listener();
    else this.lostListeners.push(listener);
  }

  /** Calls back when nothing can be said any more, in whatever way that came. */
  onOver(listener: () => void): void {
    this.overListeners.push(listener);
  }

  /** Says who is told of some of what the hub says. Each kind has one listener. */
  listen(listeners: NoticeListeners): void {
    this.listeners = { ...this.listeners, ...listeners };
  }

  /** Says who gets the messages, by the numbers of their topics. */
  onMessage(listener: (topic: number, message: Buffer) => void): void {
    this.messageListener = listener;
  }

  /**
   * Connects. Every user has to close it again.
   * @throws Error when the hub does not let this worker in
   */
  open(): Promise<void> {
    this.users += 1;
    return (this.opening ??= this.begin());
  }

  /** Closes it with its last user, once all that was said is written. */
  async close(): Promise<void> {
    this.users -= 1;
    if (this.users <= 0) await (this.closing ??= this.end());
  }

  /**
   * Asks the hub. Questions and remarks arrive in the order they were made.
   * @param ifLost the answer when there will be none
   */
  ask<K extends keyof BusQuestions>(
    ifLost: ReturnType<BusQuestions[K]>,
    ...question: Said<BusQuestions, K>
  ): Awaitable<ReturnType<BusQuestions[K]>> {
    if (this.isOver) return ifLost;
    return new Promise((resolve) => {
      const settle = resolve as (answer: unknown) => void;
      this.questions.add({ settle, ifLost });
      this.connected.sendItem(question);
    });
  }

  /** Says something that needs no answer. */
  say(...remark: Said<BusRemarks>): void {
    if (!this.isOver) this.connected.sendItem(remark);
  }

  /** Sends a message to a topic, by its number if this worker is subscribed to it. */
  publish(topic: number | undefined, name: string, message: Buffer): void {
    if (this.isOver) return;
    if (topic === undefined) this.connected.sendNamed(name, message);
    else this.connected.sendNumbered(topic, message);
  }

  /** Does something before what was said in this turn of the event loop leaves. */
  atTurnEnd(work: TurnWork): void {
    if (!this.isOver) this.connected.atTurnEnd(work);
  }

  private async begin(): Promise<void> {
    void this.connected;
    const timer = setTimeout(() => this.lose('It does not answer'), OPEN_TIMEOUT_MS);
    await this.decided.promise;
    clearTimeout(timer);
    if (this.currentStatus === 'lost') {
      throw new Error('The process that started this one does not let it in.');
    }
  }

  private async end(): Promise<void> {
    if (this.socket === undefined || this.isOver) return;
    this.say('goodbye');
    this.socket.end();
    this.finish('closed');
    const timer = setTimeout(() => this.socket?.destroy(), CLOSE_TIMEOUT_MS);
    await this.closed.promise;
    clearTimeout(timer);
  }

  private get connected(): BusSocket {
    return (this.socket ??= this.connect());
  }

  private connect(): BusSocket {
    const { workerBus } = this.options;
    if (workerBus === undefined) throw new Error('There is no scaling.workerBus to connect to.');
    this.currentStatus = 'opening';
    const socket = new BusSocket(createConnection(workerBus.path), LIMIT_BYTES, {
      onItem: (item) => this.hear(item as Said<BusNotices>),
      onNumbered: (topic, message) => this.receive(topic, message),
      onNamed: () => undefined,
      onClosed: () => this.onClosed(),
      onFault: (error) => this.logger.error('The hub says what cannot be understood', error),
    });
    const { nodeId } = this;
    const hello: Hello = { version: BUS_VERSION, token: workerBus.token, nodeId, pid: process.pid };
    socket.sendItem(hello);
    return socket;
  }

  private receive(topic: number, message: Buffer): void {
    this.silentBeats = 0;
    this.messageListener(topic, message);
  }

  private hear(notice: Said<BusNotices>): void {
    this.silentBeats = 0;
    if (notice[0] === 'answer') return this.questions.answer(notice[1]);
    if (notice[0] === 'welcome') return this.enter(notice[1], notice[2]);
    this.pass(notice);
  }

  private pass([name, ...args]: Said<BusNotices>): void {
    const listener = this.listeners[name as keyof NoticeListeners] as
      ((...said: readonly unknown[]) => void) | undefined;
    try {
      listener?.(...args);
    } catch (error) {
      this.logger.error('Something the hub said could not be handled', error);
    }
  }

  private enter(nodes: readonly string[], heartbeatMs: number): void {
    if (this.isOver) return;
    this.currentStatus = 'up';
    this.timer = setInterval(() => this.beat(), heartbeatMs).unref();
    this.listeners.nodes?.(nodes, []);
    this.decided.resolve();
  }

  private beat(): void {
    this.silentBeats += 1;
    if (this.silentBeats > HEARTBEATS_OF_LEASE) return this.lose('It is silent');
    this.say('ping');
  }

  private onClosed(): void {
    this.closed.resolve();
    this.lose('It closed the link');
  }

  private lose(reason: string): void {
    if (this.isOver) return;
    this.finish('lost');
    this.socket?.destroy();
    this.logger.error('The link to the process that started this one is lost', { reason });
    for (const listener of this.lostListeners) listener();
  }

  private finish(status: 'lost' | 'closed'): void {
    this.currentStatus = status;
    this.overMs = performance.now();
    clearInterval(this.timer);
    this.questions.giveUp();
    for (const listener of this.overListeners) listener();
    this.decided.resolve();
  }
}

function deferred() {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
