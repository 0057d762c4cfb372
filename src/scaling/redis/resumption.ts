import type { NodeDirectory } from './node-directory.js';
import type { RedisLink } from './redis-link.js';

/** How long the others are waited for. */
const PATIENCE_MS = 5000;
/** How long a node that has never met any waits for others to turn up: longer than they pause before they connect. */
const STRANGERS_MS = 2500;
/** Those who ask at about the same time get one answer. */
const ANSWER_DELAY_MS = 20;

const NODE_ID = /^[\da-f]{16}$/;

/** Between the drivers of the nodes alone, as JSON. */
interface ResumedMessage {
  /** This node is subscribed again to all that it wants. */
  readonly resumed: string;
  /** Those who are back already may say so again. */
  readonly isAnswerWanted: boolean;
}

/**
 * After an outage the nodes come back one after the other, and what is sent before a node is back it
 * never gets. So each says when it is back, and who has something to send waits for the others.
 */
export class Resumption {
  /** The topic on which the nodes say that they are back. */
  readonly topic: string;
  /** Those who were alive before the outage, and are not back yet. */
  private readonly awaited = new Set<string>();
  private isSubscribedAgain = false;
  /** It was, at least once. */
  private wasBack = false;
  /** Before the last outage, if there were any. */
  private hasMetOthers = false;
  private stopWaiting: (() => void) | undefined;
  private answering: NodeJS.Timeout | undefined;

  constructor(
    private readonly link: RedisLink,
    private readonly directory: NodeDirectory,
  ) {
    this.topic = `${link.prefix}:{resumed}`;
  }

  /** This node is subscribed again, and Redis has not gone since. */
  get isBack(): boolean {
    return this.isSubscribedAgain;
  }

  /** Redis is gone, for this node at least. */
  outageBegan(): void {
    this.isSubscribedAgain = false;
    this.awaitPeers();
    this.endWait();
    clearTimeout(this.answering);
    this.answering = undefined;
  }

  /** This node is subscribed again, and says so. @throws Error when Redis does not take it */
  async announce(): Promise<void> {
    this.isSubscribedAgain = true;
    // Whom a node hears of for the first time was not alive before an outage of its.
    if (this.wasBack) this.awaitPeers();
    this.hasMetOthers = this.wasBack;
    this.wasBack = true;
    await this.say(true);
  }

  /**
   * Resolves when the others are back, too, or were waited for long enough, or Redis is gone again.
   * @param isMuchAtStake something was kept for others, known or not
   */
  async othersAreBack(isMuchAtStake: boolean): Promise<void> {
    const isAmongStrangers = this.awaited.size === 0;
    if (isAmongStrangers && (this.hasMetOthers || !isMuchAtStake)) return;
    await new Promise<void>((resolve) => {
      const waitMs = isAmongStrangers ? STRANGERS_MS : PATIENCE_MS;
      const timer = setTimeout(() => this.hurry(), waitMs);
      this.stopWaiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Waits for nobody any more. */
  hurry(): void {
    this.awaited.clear();
    this.endWait();
  }

  /** @returns false when it was no message of this kind */
  receive(bytes: Buffer): boolean {
    const message = read(bytes);
    if (message === undefined) return false;
    if (message.resumed === this.link.nodeId) return true;
    this.directory.add(message.resumed);
    if (this.awaited.delete(message.resumed) && this.awaited.size === 0) this.endWait();
    if (message.isAnswerWanted && this.isSubscribedAgain) {
      this.answering ??= setTimeout(() => {
        this.answering = undefined;
        /* Should it fail, so will what is published next, and everything begins again. */
        this.say(false).catch(() => undefined);
      }, ANSWER_DELAY_MS);
    }
    return true;
  }

  private awaitPeers(): void {
    for (const nodeId of this.directory.ids) {
      if (nodeId !== this.link.nodeId) this.awaited.add(nodeId);
    }
  }

  private endWait(): void {
    this.stopWaiting?.();
    this.stopWaiting = undefined;
  }

  private async say(isAnswerWanted: boolean): Promise<void> {
    const message: ResumedMessage = { resumed: this.link.nodeId, isAnswerWanted };
    const { commands, isCluster } = this.link;
    const json = JSON.stringify(message);
    await (isCluster ? commands.spublish(this.topic, json) : commands.publish(this.topic, json));
  }
}

function read(bytes: Buffer): ResumedMessage | undefined {
  try {
    const { resumed, isAnswerWanted } = JSON.parse(bytes.toString()) as Partial<ResumedMessage>;
    if (typeof resumed !== 'string' || typeof isAnswerWanted !== 'boolean') return undefined;
    return NODE_ID.test(resumed) ? { resumed, isAnswerWanted } : undefined;
  } catch {
    return undefined;
  }
}
