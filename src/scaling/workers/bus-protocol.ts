import type {
  CachedEventWithTtl,
  ChannelState,
  JoinOutcome,
  LeaveOutcome,
  Member,
  MembersChange,
  PlaceChange,
  RosterVersion,
} from '../state-store.js';
import type { DeadLetter, WebhookBatch, WebhookEntry, WebhookVerdict } from '../webhook-queue.js';

/** Version of what workers and hub say to each other. Both are of one release, or do not work together. */
export const BUS_VERSION = 3;

/** A member in JSON: user id, id, `user_info`. */
export type MemberText = readonly [string, string | number, string | null];

/** Members come back as they were, also what was undefined. */
export const writeMember = ({ userId, id, userInfo }: Member): MemberText => [
  userId,
  id,
  userInfo ?? null,
];

/** Reads what {@link writeMember} wrote. */
export const readMember = ([userId, id, userInfo]: MemberText): Member => ({
  userId,
  id,
  userInfo: userInfo ?? undefined,
});

/** The first thing a worker says. */
export interface Hello {
  readonly version: number;
  readonly token: string;
  readonly nodeId: string;
  readonly pid: number;
}

/** What a worker asks, and what the hub answers, in the order of the questions. */
export interface BusQuestions {
  subscribe(topic: number, name: string): null;
  openConnection(appId: string, limit: number): boolean;
  countConnections(appId: string): number;
  join(
    appId: string,
    channel: string,
    socketId: string,
    member: MemberText,
    limit: number,
  ): JoinOutcome;
  leave(appId: string, channel: string, socketId: string, userId: string): LeaveOutcome;
  roster(appId: string, channel: string, known: RosterVersion | null): RosterText | null;
  userIds(appId: string, channel: string): readonly string[];
  channel(appId: string, channel: string): ChannelState;
  channels(appId: string, prefix: string): readonly ChannelState[];
  cacheEvent(appId: string, channel: string, event: string, data: string, ttlSeconds: number): null;
  cachedEvent(appId: string, channel: string): CachedEventWithTtl | null;
  forgetCachedEvent(appId: string, channel: string): boolean;
  signIn(appId: string, userId: string, socketId: string): boolean;
  signOut(appId: string, userId: string, socketId: string, graceMs: number): null;
  onlineUsers(appId: string, userIds: readonly string[]): readonly string[];
  occupy(appId: string, place: string, socketId: string): PlaceChange | null;
  vacate(appId: string, place: string, socketId: string, graceMs: number): null;
  take(appId: string, bucket: string, amount: number, limit: number, windowMs: number): boolean;
  deadLetters(appId: string): readonly DeadLetter[] | null;
  resend(appId: string, ids: readonly string[]): number | null;
  /** How many events of webhooks wait. */
  webhooks(): number;
  handOver(): null;
}

/** A roster in JSON. */
export type RosterText = readonly [RosterVersion, readonly MemberText[]];

/** A change of members in JSON. */
export type MembersChangeText = Omit<MembersChange, 'joined'> & {
  readonly joined: readonly MemberText[];
};

/** What a worker says without wanting an answer. */
export interface BusRemarks {
  unsubscribe(topic: number): void;
  /** So many connections more, or fewer. */
  changeConnections(appId: string, change: number): void;
  setSubscriptions(appId: string, channel: string, count: number): void;
  /** Wants an answer that is made once, or the task to make it. */
  claim(key: string): void;
  /** The answer of a task. */
  made(key: string, text: string, ttlMs: number): void;
  /** A task failed. */
  failed(key: string): void;
  /** So many news were passed on. */
  told(count: number): void;
  /** It can deliver webhooks now, which are gathered for so long. */
  openWebhooks(batchWindowMs: number): void;
  queueWebhook(appId: string, entry: WebhookEntry): void;
  /** What is to become of a batch that it had to deliver. */
  judged(task: number, verdict: WebhookVerdict): void;
  /** It wants to be told when it may go, as far as webhooks are concerned. */
  closeWebhooks(withinMs: number): void;
  /** A sign of life. */
  ping(): void;
  /** The worker stops in order. */
  goodbye(): void;
}

/** What the hub says without being asked; and the answers. */
export interface BusNotices {
  answer(answer: unknown): void;
  /** The worker is one of these now, and gives a sign of life as often as that. */
  welcome(nodes: readonly string[], heartbeatMs: number): void;
  /** The nodes that are alive and not about to go, and those that are. */
  nodes(nodes: readonly string[], leaving: readonly string[]): void;
  /** News, which this worker has to pass on; so are the next three. */
  membersChanged(change: MembersChangeText): void;
  userStatus(appId: string, userId: string, isOnline: boolean): void;
  placeChanged(change: PlaceChange): void;
  /** A node died. All others are told to be `restored` when this is confirmed, behind the news of it. */
  death(): void;
  restored(): void;
  /** The task to make an answer is this worker's. */
  make(key: string): void;
  made(key: string, text: string): void;
  /** The task to deliver a batch is this worker's. */
  deliver(task: number, batch: WebhookBatch): void;
  /** So many events that it queued found their lane full. */
  webhooksDropped(count: number): void;
  /** It may go. So many events of webhooks are lost. */
  webhooksClosed(lost: number): void;
  pong(): void;
}

/** Something said: the name, then what belongs to it. */
export type Said<T, K extends keyof T = keyof T> = K extends keyof T
  ? T[K] extends (...args: infer A) => unknown
    ? readonly [K, ...A]
    : never
  : never;

/** Silence of so many heartbeats counts as death. */
export const HEARTBEATS_OF_LEASE = 4;

const NODE_ID = /^[\da-f]{16}$/;

/** Reads what a worker says first. @returns undefined when it is anything else */
export function readHello(item: unknown): Hello | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { version, token, nodeId, pid } = item as Partial<Record<keyof Hello, unknown>>;
  const isHello =
    typeof version === 'number' &&
    typeof token === 'string' &&
    typeof nodeId === 'string' &&
    NODE_ID.test(nodeId) &&
    Number.isSafeInteger(pid) &&
    (pid as number) > 0;
  return isHello ? { version, token, nodeId, pid: pid as number } : undefined;
}
