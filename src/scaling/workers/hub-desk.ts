import { BusFormError } from './bus-frame-reader.js';
import {
  readMember,
  writeMember,
  type BusQuestions,
  type BusRemarks,
  type RosterText,
} from './bus-protocol.js';
import type { HubAnswers } from './hub-answers.js';
import type { HubNews } from './hub-news.js';
import type { HubPlaces } from './hub-places.js';
import type { HubState } from './hub-state.js';
import type { HubTopics } from './hub-topics.js';
import type { HubWebhooks } from './hub-webhooks.js';
import type { HubWorker } from './hub-worker.js';

/** What the hub consists of. */
export interface HubParts {
  readonly state: HubState;
  readonly places: HubPlaces;
  readonly topics: HubTopics;
  readonly answers: HubAnswers;
  readonly news: HubNews;
  readonly webhooks: HubWebhooks;
}

/** How to do what workers say. */
type Deeds<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (worker: HubWorker, ...args: A) => R
    : never;
};

/** Anything that is said by its name. */
type Deed = (worker: HubWorker, ...args: readonly unknown[]) => unknown;

/** Does what workers say, and answers what they ask. */
export class HubDesk {
  private readonly questions: ReadonlyMap<string, Deed>;
  private readonly remarks: ReadonlyMap<string, Deed>;

  /** @param onLeaving called when a worker is about to stop */
  constructor(parts: HubParts, onLeaving: (worker: HubWorker) => void) {
    this.questions = byName(questionsOf(parts, onLeaving));
    this.remarks = byName(remarksOf(parts));
  }

  /** @throws BusFormError when it is nothing that is said here */
  take(worker: HubWorker, item: unknown): void {
    if (!Array.isArray(item)) throw new BusFormError('An item has to be a list.');
    const [name, ...args] = item as [string, ...unknown[]];
    const question = this.questions.get(name);
    if (question !== undefined) return worker.say('answer', question(worker, ...args));
    const remark = this.remarks.get(name);
    if (remark === undefined) throw new BusFormError('There is no such thing to say.');
    remark(worker, ...args);
  }
}

function byName(deeds: object): ReadonlyMap<string, Deed> {
  return new Map(Object.entries(deeds) as [string, Deed][]);
}

function questionsOf(
  { state, places, topics, webhooks }: HubParts,
  onLeaving: (worker: HubWorker) => void,
): Deeds<BusQuestions> {
  return {
    subscribe: (worker, topic, name) => {
      topics.subscribe(worker, topic, name);
      return null;
    },
    openConnection: ({ holding }, ...args) => state.openConnection(holding, ...args),
    countConnections: (_, appId) => state.countConnections(appId),
    join: ({ holding }, appId, channel, socketId, member, limit) =>
      state.join(holding, appId, channel, socketId, readMember(member), limit),
    leave: ({ holding }, ...args) => state.leave(holding, ...args),
    roster: (_, appId, channel, known): RosterText | null => {
      const roster = state.roster(appId, channel, known ?? undefined);
      return roster === undefined
        ? null
        : [roster.version, Array.from(roster.members, writeMember)];
    },
    userIds: (_, ...args) => state.userIds(...args),
    channel: (_, ...args) => state.channel(...args),
    channels: (_, ...args) => state.channels(...args),
    cacheEvent: (_, ...args) => {
      state.cacheEvent(...args);
      return null;
    },
    cachedEvent: (_, ...args) => state.cachedEvent(...args) ?? null,
    forgetCachedEvent: (_, ...args) => state.forgetCachedEvent(...args),
    signIn: ({ holding }, ...args) => state.signIn(holding, ...args),
    signOut: ({ holding }, ...args) => {
      state.signOut(holding, ...args);
      return null;
    },
    onlineUsers: (_, ...args) => state.onlineUsers(...args),
    occupy: ({ holding }, ...args) => places.occupy(holding, ...args) ?? null,
    vacate: ({ holding }, ...args) => {
      places.vacate(holding, ...args);
      return null;
    },
    take: (_, ...args) => state.take(...args),
    deadLetters: (_, ...args) => webhooks.deadLetters(...args),
    resend: (_, ...args) => webhooks.resend(...args),
    webhooks: () => webhooks.length(),
    handOver: (worker) => {
      worker.holding.isHandedOver = true;
      onLeaving(worker);
      return null;
    },
  };
}

function remarksOf({ state, topics, answers, news, webhooks }: HubParts): Deeds<BusRemarks> {
  return {
    unsubscribe: (worker, topic) => topics.unsubscribe(worker, topic),
    changeConnections: ({ holding }, ...args) => state.changeConnections(holding, ...args),
    setSubscriptions: ({ holding }, ...args) => state.setSubscriptions(holding, ...args),
    claim: (worker, key) => answers.claim(worker, key),
    made: (worker, ...args) => answers.made(worker, ...args),
    failed: (worker, key) => answers.failed(worker, key),
    told: (worker, count) => {
      news.told(worker, count);
      webhooks.letGo();
    },
    openWebhooks: (worker, ...args) => webhooks.open(worker, ...args),
    queueWebhook: (worker, ...args) => webhooks.append(worker, ...args),
    judged: (worker, ...args) => webhooks.judged(worker, ...args),
    closeWebhooks: (worker, ...args) => webhooks.close(worker, ...args),
    ping: (worker) => worker.say('pong'),
    goodbye: (worker) => {
      worker.hasSaidGoodbye = true;
    },
  };
}
