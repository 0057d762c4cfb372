// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { isFrame } from './delivery-log.js';
import { Participant } from './participant.js';
import { Progress } from './progress.js';

const CONNECTING_AT_ONCE = 50;
/** One frame in so many is parsed and compared whole; the others are only counted. */
const VERIFY_EVERY = 50;
/** Time for a frame too many to show up after the last one. */
const AFTERMATH_MS = 150;

/**
 * @typedef {object} PassageResult of visitors who came, or went
 * @property {number} visitors
 * @property {number} delivered frames that told somebody of one of them
 * @property {number} lost
 * @property {number} duplicated
 * @property {number} bad
 * @property {number} p50 milliseconds from a subscription until the whole roster was read
 */

/** One presence channel with members who stay, and visitors who come and go one after the other. */
export class Room {
  /** @type {Participant[]} */
  #visitors = [];
  /** @type {Map<Participant, number>} who is in the room, and how often each should have been told */
  #due = new Map();
  #established = 0;
  #subscribed = 0;
  /** Frames that have told of the visitor of the moment. */
  #told = 0;
  #frames = 0;
  #bad = 0;
  /** What a frame that tells of the visitor of the moment says. */
  #news = { event: '', userId: '' };
  #channel = '';
  #progress = new Progress(() => `${this.#told} of ${this.#due.size} were told`);
  #server;
  #report;

  /**
   * @param {import('./raw-connection.js').Server} server
   * @param {(problem: string) => void} report
   */
  constructor(server, report) {
    this.#server = server;
    this.#report = report;
  }

  /**
   * Connects everybody and lets the members in. Resolves when each of them knows of all.
   * @param {{ channel: string, members: number, visitors: number }} order
   */
  async open({ channel, members, visitors }) {
    this.#channel = channel;
    const connected = await this.#connect(members + visitors);
    this.#visitors = connected.splice(members);
    connected.forEach((member, index) => member.join(channel, `member-${index}`));
    const isKnown = () => connected.every(({ known }) => known === members);
    await this.#progress.until(
      () => this.#subscribed >= members && isKnown(),
      'telling everybody of everybody',
    );
    this.#due = new Map(connected.map((member) => [member, 0]));
    return { members };
  }

  /** The visitors come, each when everybody has been told of the one before. */
  enter() {
    return this.#pass('pusher_internal:member_added', async (visitor, userId) => {
      const others = this.#due.size;
      this.#subscribed = 0;
      const sentAt = performance.now();
      visitor.join(this.#channel, userId);
      await this.#progress.until(() => this.#subscribed > 0, 'a join');
      const milliseconds = performance.now() - sentAt;
      if (visitor.known !== others + 1) {
        this.#fault(`a roster of ${visitor.known}, not ${others + 1}`);
      }
      await this.#progress.until(() => this.#told >= others, 'telling of a join');
      visitor.memberFrames = 0;
      this.#due.set(visitor, 0);
      return milliseconds;
    });
  }

  /** They go again, in the same order. */
  exit() {
    return this.#pass('pusher_internal:member_removed', async (visitor) => {
      this.#due.delete(visitor);
      visitor.unsubscribe(this.#channel);
      await this.#progress.until(() => this.#told >= this.#due.size, 'telling of a leave');
      return 0;
    });
  }

  /**
   * @param {string} event that tells of each of them
   * @param {(visitor: Participant, userId: string) => Promise<number>} step resolves with the
   *   milliseconds something took
   * @returns {Promise<PassageResult>}
   */
  async #pass(event, step) {
    this.#bad = 0;
    /** @type {number[]} */
    const latencies = [];
    for (const participant of this.#due.keys()) {
      participant.memberFrames = 0;
      this.#due.set(participant, 0);
    }
    for (const [index, visitor] of this.#visitors.entries()) {
      this.#news = { event, userId: `visitor-${index}` };
      this.#told = 0;
      for (const [participant, due] of this.#due) {
        if (participant !== visitor) this.#due.set(participant, due + 1);
      }
      latencies.push(await step(visitor, this.#news.userId));
    }
    await sleep(AFTERMATH_MS);
    latencies.sort((one, other) => one - other);
    const p50 = latencies[latencies.length >> 1] ?? 0;
    return { visitors: this.#visitors.length, ...this.#count(), bad: this.#bad, p50 };
  }

  /** Compares what each of those present was told with what it should have been told. */
  #count() {
    const counts = { delivered: 0, lost: 0, duplicated: 0 };
    for (const [{ memberFrames }, due] of this.#due) {
      counts.delivered += Math.min(memberFrames, due);
      counts.lost += Math.max(0, due - memberFrames);
      counts.duplicated += Math.max(0, memberFrames - due);
    }
    return counts;
  }

  /** @param {number} count */
  async #connect(count) {
    /** @type {Participant[]} */
    const connected = [];
    const proceed = () => {
      while (
        connected.length < count &&
        connected.length - this.#established < CONNECTING_AT_ONCE
      ) {
        connected.push(new Participant(connected.length, this.#server, this));
      }
      return this.#established >= count;
    };
    await this.#progress.until(proceed, 'connecting');
    return connected;
  }

  onEstablished() {
    this.#established++;
    this.#progress.happened();
  }

  onSubscribed() {
    this.#subscribed++;
    this.#progress.happened();
  }

  /**
   * @param {Participant} participant
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  onMemberFrame(participant, bytes, start, end) {
    this.#told++;
    // While the room fills, all are told of all.
    if (this.#due.size > 0) {
      const mustVerify = this.#frames++ % VERIFY_EVERY === 0 || !this.#due.has(participant);
      if (mustVerify) this.#verify(participant, bytes.toString('utf8', start, end));
    }
    this.#progress.happened();
  }

  /** @param {Participant} _participant @param {string} problem */
  onProblem(_participant, problem) {
    this.#report(problem);
  }

  /** @param {Participant} participant @param {string} text */
  #verify(participant, text) {
    const { event, userId } = this.#news;
    const data = JSON.stringify({ user_id: userId });
    const isNews = this.#due.has(participant) && isFrame(text, event, this.#channel, data);
    if (!isNews) this.#fault(`not the news of ${userId} to somebody present: ${text}`);
  }

  /** @param {string} problem */
  #fault(problem) {
    this.#bad++;
    this.#report(problem);
  }
}
