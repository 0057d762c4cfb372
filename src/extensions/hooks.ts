import type { Logger } from '@nestjs/common';
import type { PublishedEvent } from '../channels/published-event.js';
import { AwaitedHook, type Fold } from './awaited-hook.js';
import type {
  ClientEventRequest,
  ConnectionAttempt,
  Publication,
  SubscriptionRequest,
} from './before-hooks.js';
import type { ChannelChange, MemberAdded, MemberRemoved, UserStatus } from './cluster-hooks.js';
import { HookCall } from './hook-call.js';
import type {
  ClientEventSent,
  Connected,
  Disconnected,
  Published,
  SignedIn,
  SlowConsumer,
  Subscribed,
} from './on-hooks.js';
import { ToldHook, type TellQueue } from './told-hook.js';

/** What each hook that is waited for is asked about. */
export interface AskedAbout {
  beforeConnect: ConnectionAttempt;
  beforeSubscribe: SubscriptionRequest;
  beforePublish: Publication;
  beforeClientEvent: ClientEventRequest;
}

/** What each hook that is told gets to know. */
export interface ToldAbout {
  onConnected: Connected;
  onDisconnected: Disconnected;
  onSubscribed: Subscribed;
  onUnsubscribed: Subscribed;
  onSignedIn: SignedIn;
  onClientEvent: ClientEventSent;
  onPublished: Published;
  onSlowConsumer: SlowConsumer;
  onChannelOccupied: ChannelChange;
  onChannelVacated: ChannelChange;
  onMemberAdded: MemberAdded;
  onMemberRemoved: MemberRemoved;
  onUserOnline: UserStatus;
  onUserOffline: UserStatus;
}

/** Parts of the server itself that are told, too. */
export type Observers = { readonly [H in keyof ToldAbout]?: ((event: ToldAbout[H]) => void)[] };

/** The hooks that somebody has; null for the others, so that they cost no more than to see that. */
export type Hooks = { readonly [H in keyof AskedAbout]: AwaitedHook<AskedAbout[H]> | null } & {
  readonly [H in keyof ToldAbout]: ToldHook<ToldAbout[H]> | null;
};

const FOLDS: { readonly [H in keyof AskedAbout]: Fold<AskedAbout[H]> } = {
  beforeConnect: () => {
    throw new TypeError('There is nothing to return from beforeConnect. To refuse, throw.');
  },
  beforeSubscribe: (request, answer) => {
    const change = changeOf(answer);
    if (request.member === undefined || !('userInfo' in change)) return request;
    return { ...request, member: { ...request.member, userInfo: change.userInfo } };
  },
  beforePublish: (publication, answer) => {
    if (answer === null) return null;
    return { ...publication, event: checked({ ...publication.event, ...changeOf(answer) }) };
  },
  beforeClientEvent: (request, answer) => {
    if (answer === null) return null;
    const change = changeOf(answer);
    return 'data' in change ? { ...request, data: change.data } : request;
  },
};

const TOLD_HOOKS: { readonly [H in keyof ToldAbout]: true } = {
  onConnected: true,
  onDisconnected: true,
  onSubscribed: true,
  onUnsubscribed: true,
  onSignedIn: true,
  onClientEvent: true,
  onPublished: true,
  onSlowConsumer: true,
  onChannelOccupied: true,
  onChannelVacated: true,
  onMemberAdded: true,
  onMemberRemoved: true,
  onUserOnline: true,
  onUserOffline: true,
};

/** The names of all hooks. */
export const HOOK_NAMES: readonly string[] = [...Object.keys(FOLDS), ...Object.keys(TOLD_HOOKS)];

/** What hooks are made with. */
export interface HookEnvironment {
  readonly observers: Observers;
  readonly queue: TellQueue;
  /** How long an extension may take to answer. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** Finds out which hooks extensions have. @param extensions in the order in which they are called */
export function compileHooks(extensions: readonly object[], environment: HookEnvironment): Hooks {
  const { observers, queue, timeoutMs, logger } = environment;
  const callsOf = (hook: string) =>
    extensions
      .filter((extension) => hasHook(extension, hook))
      .map((extension) => new HookCall(extension, hook, logger));
  const asked = Object.entries(FOLDS).map(([hook, fold]) => {
    const calls = callsOf(hook);
    return [
      hook,
      calls.length > 0 ? new AwaitedHook(calls, fold as Fold<object>, timeoutMs) : null,
    ];
  });
  const told = Object.keys(TOLD_HOOKS).map((hook) => {
    const calls = callsOf(hook);
    const observing = (observers[hook as keyof ToldAbout] ?? []) as ((event: object) => void)[];
    const isWanted = calls.length + observing.length > 0;
    return [hook, isWanted ? new ToldHook(calls, observing, queue) : null];
  });
  return Object.fromEntries([...asked, ...told]) as Hooks;
}

/** Whether an extension has a hook of this name. */
export function hasHook(extension: object, hook: string): boolean {
  return typeof (extension as Record<string, unknown>)[hook] === 'function';
}

/** Whoever returns false, as a guard does, means to refuse: that must not pass for a change of nothing. */
function changeOf(answer: unknown): object {
  if (typeof answer === 'object' && answer !== null) return answer;
  throw new TypeError('A hook returns nothing, or an object with what changes. To refuse, throw.');
}

/** What JavaScript made of an event may be anything, and subscribers would get it. */
function checked(event: PublishedEvent): PublishedEvent {
  const { name, data, channels } = event;
  if (typeof name !== 'string') throw new TypeError('The name of an event must be a string.');
  if (typeof data !== 'string') throw new TypeError('The data of an event must be a string.');
  if (!Array.isArray(channels) || channels.some((channel) => typeof channel !== 'string')) {
    throw new TypeError('The channels of an event must be an array of strings.');
  }
  return event;
}
