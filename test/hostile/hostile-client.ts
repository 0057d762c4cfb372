import { eventually } from '../harness/eventually.js';
import { PusherClient, type ReceivedFrame } from '../harness/pusher-client.js';
import { authSignature, parseJson } from '../harness/signed-request.js';
import type { ReusedServer } from '../harness/shared-server.js';
import type { Sender } from './expected-answers.js';
import { SIGNED } from './messages.js';

/** Sends what it likes, and connects again when it is thrown out. */
export class HostileClient {
  private client: PusherClient | undefined;
  /** How many the connection got. */
  private pongs = 0;
  /** What a truthful description of this connection would say. */
  sender!: Sender;

  constructor(private readonly server: ReusedServer) {}

  /** Has a connection for the next message. */
  async ready(): Promise<void> {
    if (this.client?.isOpen) return;
    this.client = await PusherClient.connect(this.server);
    this.pongs = 0;
    const { key, secret } = this.server;
    this.sender = { key, secret, socketId: this.client.socketId, subscribed: new Set() };
  }

  /** Sends a message, and tells what came back until all of it was answered. */
  async ask(bytes: Buffer, isBinary: boolean, pongs: number): Promise<string[]> {
    const client = this.client!;
    client.discardPending();
    client.send(isBinary ? bytes : bytes.toString());
    client.send({ event: 'pusher:ping', data: {} });
    const wanted = this.pongs + pongs + 1;
    const isAnswered = () => client.framesLike('pusher:pong').length >= wanted;
    await eventually(
      () => {
        if (!isAnswered() && !client.closed) throw new Error('There is no answer to all of it.');
      },
      { everyMs: 0 },
    );
    const lines = client.pendingFrames.map(lineOf);
    if (client.closed !== undefined) return [...lines, `closed ${client.closed.code}`];
    this.pongs = wanted;
    // The last one answers our own question.
    return lines.slice(0, -1);
  }

  async leave(): Promise<void> {
    if (this.client?.isOpen) await this.client.close();
  }
}

/** A frame in short. */
function lineOf({ event, json }: ReceivedFrame): string {
  switch (event) {
    case 'pusher:error':
      return `error ${json?.code}`;
    case 'pusher:subscription_error':
      return `refused ${json?.type} ${json?.status}`;
    case 'pusher_internal:subscription_succeeded':
      return 'subscribed';
    case 'pusher:cache_miss':
      return 'cache miss';
    case 'pusher:signin_success':
      return 'signed in';
    case 'pusher:pong':
      return 'pong';
    default:
      return `unexpected ${event}`;
  }
}

/** Fills in the signature a message asks for: the right one, but for the channels of the witness. */
export function withSignature(text: string, { key, secret, socketId }: Sender): string {
  if (!text.includes(SIGNED)) return text;
  const data = dataOf(text);
  const { channel, channel_data: channelData, user_data: userData } = data ?? {};
  const said = userData === undefined ? [channel, channelData] : ['', 'user', '', userData];
  const parts = said.filter((part) => typeof part === 'string');
  const signed = [socketId, ...parts].join(':');
  const isForWitness = typeof channel === 'string' && channel.includes('witness');
  const usedSecret = isForWitness ? 'guessed' : secret;
  return text.replaceAll(SIGNED, authSignature(key, usedSecret, signed));
}

function dataOf(text: string) {
  const data = parseJson(text)?.data;
  return typeof data === 'string' ? parseJson(data) : data;
}
