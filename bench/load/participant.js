// @ts-check
import { createHmac } from 'node:crypto';
import { clientFrame, Opcode } from './frames.js';
import { RawConnection, upgradeRequest } from './raw-connection.js';
import { sourceAddress } from './source-address.js';

/** Where the frames that come by the million tell what they are. */
const UNDERSCORE_AT = '{"event":"pusher'.length;
const KIND_AT = '{"event":"pusher_internal:member_'.length;
const MEMBER_AT = KIND_AT - 'member_'.length;
const [UNDERSCORE, M, A, R] = [...Buffer.from('_mar')];

/**
 * @typedef {object} ParticipantEvents
 * @property {(participant: Participant) => void} onEstablished
 * @property {(participant: Participant) => void} onSubscribed once for each subscription
 * @property {(participant: Participant) => void} onMemberFrame `known` has changed
 * @property {(participant: Participant, problem: string) => void} onProblem
 */

/** One raw WebSocket connection with any number of subscriptions, one of them to a presence channel. */
export class Participant {
  /** How many members its presence channel has, by what it was told: the roster, and each change. */
  known = 0;
  /** Frames that told of a member who came or went. */
  memberFrames = 0;
  #socketId = '';
  #connection;
  #events;
  #server;

  /**
   * @param {number} index among those connected to this server
   * @param {import('./raw-connection.js').Server} server
   * @param {ParticipantEvents} events
   */
  constructor(index, server, events) {
    this.#server = server;
    this.#events = events;
    const localAddress = sourceAddress(index, server.host);
    this.#connection = new RawConnection(
      { ...server, localAddress, upgrade: upgradeRequest(server) },
      this,
    );
  }

  /** @param {string} channel */
  subscribe(channel) {
    this.#send('pusher:subscribe', { channel });
  }

  /** @param {string} channel a presence channel @param {string} userId */
  join(channel, userId) {
    const { key, secret } = this.#server.application;
    const channelData = JSON.stringify({ user_id: userId });
    const signature = createHmac('sha256', secret)
      .update(`${this.#socketId}:${channel}:${channelData}`)
      .digest('hex');
    const data = { channel, auth: `${key}:${signature}`, channel_data: channelData };
    this.#send('pusher:subscribe', data);
  }

  /** Nobody answers that. @param {string} channel */
  unsubscribe(channel) {
    this.#send('pusher:unsubscribe', { channel });
  }

  /** Closes the connection when it exists longer than it is needed. */
  disconnect() {
    this.#connection.disconnect();
  }

  /**
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  onText(bytes, start, end) {
    const isMemberFrame =
      bytes[start + MEMBER_AT] === M && bytes[start + UNDERSCORE_AT] === UNDERSCORE;
    const kind = isMemberFrame ? bytes[start + KIND_AT] : undefined;
    if (kind === A) this.#memberChanged(1);
    else if (kind === R) this.#memberChanged(-1);
    else this.#onControl(bytes, start, end);
  }

  /** @param {string} problem */
  onProblem(problem) {
    this.#events.onProblem(this, problem);
  }

  onClose() {}

  /** @param {1 | -1} by */
  #memberChanged(by) {
    this.known += by;
    this.memberFrames++;
    this.#events.onMemberFrame(this);
  }

  /**
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  #onControl(bytes, start, end) {
    // A roster may be large: only its beginning, where the numbers are, is looked at.
    const text = bytes.toString('utf8', start, Math.min(end, start + 400));
    if (text.includes('pusher:connection_established')) {
      this.#socketId = /\\"socket_id\\":\\"([\d.]+)/.exec(text)?.[1] ?? '';
      this.#events.onEstablished(this);
    } else if (text.includes('subscription_succeeded')) {
      if (text.includes('"presence-')) this.known = rosterCount(bytes, start, end);
      this.#events.onSubscribed(this);
    } else if (text.includes('"pusher:ping"')) {
      this.#connection.answerPing();
    } else {
      this.#connection.fail(`unexpected ${text.slice(0, 200)}`);
    }
  }

  /** @param {string} event @param {object} data */
  #send(event, data) {
    this.#connection.write(clientFrame(Opcode.text, JSON.stringify({ event, data })));
  }
}

/**
 * @param {Buffer} bytes
 * @param {number} start
 * @param {number} end
 */
function rosterCount(bytes, start, end) {
  const mark = '\\"count\\":';
  const at = bytes.indexOf(mark, start, 'latin1');
  if (at < 0 || at >= end) return Number.NaN;
  return Number.parseInt(bytes.toString('latin1', at + mark.length, at + mark.length + 10), 10);
}
