// @ts-check
import { authorizedSubscribe, socketIdOf } from './authorization.js';
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
 * @property {(participant: Participant, bytes: Buffer, start: number, end: number) => void} onMemberFrame
 *   `known` has changed
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
    const { application } = this.#server;
    this.#connection.write(authorizedSubscribe(application, this.#socketId, channel, userId));
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
    if (kind === A) this.known++;
    else if (kind === R) this.known--;
    else return this.#onControl(bytes, start, end);
    this.memberFrames++;
    return this.#events.onMemberFrame(this, bytes, start, end);
  }

  /** @param {string} problem */
  onProblem(problem) {
    this.#events.onProblem(this, problem);
  }

  onClose() {}

  /**
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  #onControl(bytes, start, end) {
    // A roster may be large: only its beginning, where the numbers are, is looked at.
    const text = bytes.toString('utf8', start, Math.min(end, start + 400));
    if (text.includes('pusher:connection_established')) {
      this.#socketId = socketIdOf(text);
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
