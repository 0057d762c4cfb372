// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { Participant } from './participant.js';
import { Progress } from './progress.js';

const CONNECTING_AT_ONCE = 100;
/** Joins sent at once; each of them is told to all who are there. */
const JOINING_AT_ONCE = 500;
/** Time for an unsubscribe, which nobody answers. */
const LEAVE_MS = 5;

/**
 * @typedef {object} JoinResult
 * @property {number} p50 milliseconds from the subscription until the whole roster was read
 * @property {number} most
 */

/** The connections of one run that have many subscriptions or are members of presence channels. */
export class Crowd {
  /** @type {Participant[]} */
  #participants = [];
  /** Members each participant should know of, and how many of them do. */
  #aim = 0;
  #aware = 0;
  /** @type {Participant | undefined} */
  #joiner;
  /** All members of the gathered channel. */
  #total = 0;
  #newcomers = 0;
  #established = 0;
  #subscribed = 0;
  #progress = new Progress(() => this.#describe());
  #servers;
  #report;

  /**
   * @param {import('./raw-connection.js').Server[]} servers
   * @param {(problem: string) => void} report
   */
  constructor(servers, report) {
    this.#servers = servers;
    this.#report = report;
  }

  /**
   * Makes users members of a presence channel, spread over all nodes. Resolves when each of them
   * knows all of them, and the `others` who are members already.
   * @param {{ channel: string, members: number, others: number }} order
   */
  async gather({ channel, members, others }) {
    const participants = await this.#connect(members, (index) => index % this.#servers.length);
    this.#total = others + members;
    this.#expect(this.#total, true);
    participants.forEach((participant, index) => participant.join(channel, userId(index)));
    await this.#progress.until(() => this.#subscribed >= members, 'joining');
    await this.#progress.until(() => this.#aware >= members, 'telling everybody of everybody');
    return { members };
  }

  /**
   * Somebody on the first node joins the gathered channel and leaves it again, time after time.
   * @param {{ channel: string, times: number, who: 'newcomer' | 'member' }} order a newcomer is told
   *   to everybody, another connection of a member on the last node to nobody
   * @returns {Promise<JoinResult>}
   */
  async join({ channel, times, who }) {
    const members = this.#participants.length;
    const joiner = await this.#enter();
    const isNew = who === 'newcomer';
    const latencies = [];
    for (let time = 0; time < times; time++) {
      this.#expect(isNew ? this.#total + 1 : this.#total, isNew);
      const sentAt = performance.now();
      joiner.join(channel, isNew ? `newcomer-${this.#newcomers++}` : this.#memberOfLastNode(time));
      await this.#progress.until(() => this.#subscribed > 0, 'a join');
      latencies.push(performance.now() - sentAt);
      if (joiner.known !== this.#aim) this.#report(`a roster of ${joiner.known}, not ${this.#aim}`);
      await this.#progress.until(() => this.#aware >= members, 'telling of a join');
      this.#expect(this.#total, isNew);
      joiner.unsubscribe(channel);
      await this.#progress.until(() => this.#aware >= members, 'telling of a leave');
      await sleep(LEAVE_MS);
    }
    latencies.sort((one, other) => one - other);
    return { p50: latencies[times >> 1] ?? 0, most: latencies.at(-1) ?? 0 };
  }

  /**
   * Connects to the first node and subscribes each connection to channels of its own and to a
   * presence channel it shares; one of those on the last node joins each presence channel too.
   * @param {{ prefix: string, sockets: number, channelsEach: number, membersPerRoom: number }} order
   */
  async occupy({ prefix, sockets, channelsEach, membersPerRoom }) {
    const participants = await this.#connect(sockets, () => 0);
    this.#subscribed = 0;
    for (let first = 0; first < sockets; first += JOINING_AT_ONCE) {
      const some = participants.slice(first, first + JOINING_AT_ONCE);
      some.forEach((participant, i) => {
        for (let nth = 1; nth < channelsEach; nth++) {
          participant.subscribe(`${prefix}-${first + i}-${nth}`);
        }
        const room = Math.floor((first + i) / membersPerRoom);
        participant.join(`presence-${prefix}-${room}`, userId(first + i));
      });
      const expected = (first + some.length) * channelsEach;
      await this.#progress.until(() => this.#subscribed >= expected, 'subscribing');
    }
    const rooms = Math.ceil(sockets / membersPerRoom);
    const witnesses = await this.#connect(rooms, () => this.#servers.length - 1);
    witnesses.forEach((witness, room) => witness.join(`presence-${prefix}-${room}`, 'witness'));
    await this.#progress.until(
      () => this.#subscribed >= sockets * channelsEach + rooms,
      'witnesses',
    );
    // The frames that tell of the witnesses.
    await sleep(LEAVE_MS * 30);
    return { rooms };
  }

  /** How many frames have told of members since the last time this was asked. */
  memberFrames() {
    let frames = 0;
    for (const participant of this.#participants) {
      frames += participant.memberFrames;
      participant.memberFrames = 0;
    }
    return { frames };
  }

  async #enter() {
    if (this.#joiner === undefined) {
      [this.#joiner] = await this.#connect(1, () => 0);
      this.#participants.pop();
    }
    return /** @type {Participant} */ (this.#joiner);
  }

  /** Somebody who is on another node than the joiner, if there is another. @param {number} time */
  #memberOfLastNode(time) {
    const nodes = this.#servers.length;
    const rows = Math.floor(this.#participants.length / nodes);
    return userId((time % rows) * nodes + nodes - 1);
  }

  /** @param {number} members each participant should soon know of @param {boolean} isChange */
  #expect(members, isChange) {
    this.#aim = members;
    this.#subscribed = 0;
    if (isChange) this.#aware = 0;
  }

  /**
   * @param {number} count
   * @param {(index: number) => number} serverOf
   */
  async #connect(count, serverOf) {
    this.#established = 0;
    /** @type {Participant[]} */
    const connected = [];
    const proceed = () => {
      while (
        connected.length < count &&
        connected.length - this.#established < CONNECTING_AT_ONCE
      ) {
        const server = this.#servers[serverOf(connected.length)];
        if (!server) throw new Error('there is no such node');
        connected.push(new Participant(connected.length, server, this));
      }
      return this.#established >= count;
    };
    await this.#progress.until(proceed, 'connecting');
    this.#participants.push(...connected);
    return connected;
  }

  onEstablished() {
    this.#established++;
    this.#progress.happened();
  }

  /** @param {Participant} participant */
  onSubscribed(participant) {
    this.#subscribed++;
    if (participant !== this.#joiner && participant.known === this.#aim) this.#aware++;
    this.#progress.happened();
  }

  /** Comes by the million. @param {Participant} participant */
  onMemberFrame(participant) {
    if (participant.known !== this.#aim || participant === this.#joiner) return;
    this.#aware++;
    this.#progress.happened();
  }

  /** @param {Participant} _participant @param {string} problem */
  onProblem(_participant, problem) {
    this.#report(problem);
  }

  #describe() {
    const known = this.#participants.map((participant) => participant.known);
    const range = known.length > 0 ? `${Math.min(...known)} to ${Math.max(...known)}` : 'none';
    return `members known: ${range} of ${this.#aim}`;
  }
}

/** All are equally long, so that rosters differ by their number only. @param {number} index */
function userId(index) {
  return `user-${String(index).padStart(6, '0')}`;
}
