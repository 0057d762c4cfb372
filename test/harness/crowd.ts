import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { ChangeSignal, registerForClose } from './eventually.js';
import { frame } from './raw-socket.js';

/** Where a crowd connects. */
interface CrowdTarget {
  port: number;
  key: string;
}

const CONNECTING_AT_ONCE = 100;

/**
 * A subscriber of one public channel that costs next to nothing, for tests with thousands: it
 * keeps the `data` of the channel's events and nothing else. Answers no pings.
 */
export class Onlooker {
  socketId = '';
  isSubscribed = false;
  /** `data` of every event on the channel, as it came. */
  readonly received: string[] = [];
  isClosed = false;
  private unread: Buffer = Buffer.alloc(0);
  private isUpgraded = false;

  private constructor(
    private readonly socket: Socket,
    private readonly channel: string,
    private readonly changes: ChangeSignal,
  ) {
    socket.on('data', (bytes) => this.read(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      changes.notify();
    });
  }

  /** Connects and subscribes; resolves with the success. */
  static async join({ port, key }: CrowdTarget, channel: string): Promise<Onlooker> {
    const changes = new ChangeSignal();
    const socket = connect(port, '127.0.0.1');
    const onlooker = new Onlooker(socket, channel, changes);
    registerForClose(() => socket.destroy());
    socket.write(
      `GET /app/${key}?protocol=7 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n` +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    onlooker.say('pusher:subscribe');
    const isThere = () => onlooker.isSubscribed || undefined;
    const joined = await changes.waitFor(isThere, 30_000, () => onlooker.isClosed);
    if (joined === undefined) throw new Error('An onlooker could not subscribe.');
    return onlooker;
  }

  /** Unsubscribes and waits for nothing. */
  leave(): void {
    this.say('pusher:unsubscribe');
  }

  /** Resolves once `count` events came. */
  async expectEvents(count: number, timeoutMs = 10_000): Promise<void> {
    const isThere = () => this.received.length >= count || undefined;
    if (await this.changes.waitFor(isThere, timeoutMs, () => this.isClosed)) return;
    throw new Error(`An onlooker got ${this.received.length} events instead of ${count}.`);
  }

  private say(event: string): void {
    this.socket.write(
      frame({ payload: JSON.stringify({ event, data: { channel: this.channel } }) }),
    );
  }

  private read(bytes: Buffer): void {
    this.unread = this.unread.length === 0 ? bytes : Buffer.concat([this.unread, bytes]);
    if (!this.isUpgraded) {
      const end = this.unread.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.unread = this.unread.subarray(end + 4);
      this.isUpgraded = true;
    }
    for (let text = this.takeFrame(); text !== undefined; text = this.takeFrame()) this.hear(text);
    this.changes.notify();
  }

  /** Frames of the server have no mask, and here none is longer than 64 KB. */
  private takeFrame(): string | undefined {
    const { unread } = this;
    if (unread.length < 4) return undefined;
    const isLong = unread[1] === 126;
    const start = isLong ? 4 : 2;
    const end = start + (isLong ? unread.readUInt16BE(2) : unread[1]!);
    if (unread.length < end) return undefined;
    this.unread = unread.subarray(end);
    return unread.toString('utf8', start, end);
  }

  private hear(text: string): void {
    if (!text.startsWith('{')) return;
    const { event, channel, data } = JSON.parse(text);
    if (event === 'pusher:connection_established') this.socketId = JSON.parse(data).socket_id;
    else if (event === 'pusher_internal:subscription_succeeded') this.isSubscribed = true;
    else if (channel === this.channel) this.received.push(data);
  }
}

/** Brings many onlookers into a channel. */
export async function gatherCrowd(
  target: CrowdTarget,
  channel: string,
  size: number,
): Promise<Onlooker[]> {
  const crowd: Onlooker[] = [];
  while (crowd.length < size) {
    const next = Math.min(CONNECTING_AT_ONCE, size - crowd.length);
    const joining = Array.from({ length: next }, () => Onlooker.join(target, channel));
    crowd.push(...(await Promise.all(joining)));
  }
  return crowd;
}
