import { writeMember, type BusNotices, type Hello, type Said } from './bus-protocol.js';
import type { AnswerSeeker } from './hub-answers.js';
import type { News, NewsReader } from './hub-news.js';
import { NodeHolding } from './hub-state.js';
import type { WebhookBatch } from '../webhook-queue.js';
import type { HubTopic, TopicSubscriber } from './hub-topics.js';
import type { WebhookWorker } from './hub-webhooks.js';

/** The way to a worker. */
export interface WorkerWay {
  sendItem(item: unknown): void;
  sendNumbered(topic: number, message: Buffer): void;
}

/** A worker as the hub knows it. */
export class HubWorker implements TopicSubscriber, AnswerSeeker, NewsReader, WebhookWorker {
  readonly nodeId: string;
  readonly pid: number;
  readonly holding: NodeHolding;
  readonly topics = new Map<number, HubTopic>();
  /** It stops in order, and has said all it had to say. */
  hasSaidGoodbye = false;

  constructor(
    { nodeId, pid }: Hello,
    private readonly way: WorkerWay,
  ) {
    this.nodeId = nodeId;
    this.pid = pid;
    this.holding = new NodeHolding(nodeId);
  }

  /** It is about to stop, and the others ask it no more. */
  get isLeaving(): boolean {
    return this.holding.isHandedOver;
  }

  say(...notice: Said<BusNotices>): void {
    this.way.sendItem(notice);
  }

  deliver(topic: number, message: Buffer): void {
    this.way.sendNumbered(topic, message);
  }

  askToMake(key: string): void {
    this.say('make', key);
  }

  giveAnswer(key: string, text: string): void {
    this.say('made', key, text);
  }

  askToDeliver(task: number, batch: WebhookBatch): void {
    this.say('deliver', task, batch);
  }

  tellDropped(count: number): void {
    this.say('webhooksDropped', count);
  }

  tellWebhooksClosed(lost: number): void {
    this.say('webhooksClosed', lost);
  }

  tellNews(news: News): void {
    if (news.kind === 'death') return this.say('death');
    if (news.kind === 'user') {
      return this.say('userStatus', news.appId, news.userId, news.isOnline);
    }
    if (news.kind === 'place') return this.say('placeChanged', news.change);
    const { joined } = news.change;
    this.say('membersChanged', { ...news.change, joined: joined.map(writeMember) });
  }
}
