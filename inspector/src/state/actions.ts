import { ask } from '../api/api.js';
import { countOf } from '../format/format.js';
import type { ActionResult } from '../contract.js';
import { confirm } from './confirmation.js';

function answerOf(result: ActionResult, one: string, done: string): string {
  const partial = result.isPartial ? ' Some nodes did not answer.' : '';
  return `${countOf(result.affected, one)} ${done}.${partial}`;
}

function act(appId: string, action: string, body: unknown): Promise<ActionResult> {
  return ask<ActionResult>(['apps', appId, action], { method: 'POST', body });
}

/** Asks, and then closes one connection. */
export function disconnectSocket(appId: string, socketId: string, whenDone?: () => void): void {
  confirm({
    title: 'Disconnect this connection',
    text: `The connection ${socketId} of application ${appId} is closed with code 4009: a stock client does not connect again by itself.`,
    verb: 'Disconnect',
    act: async () => {
      const result = await act(appId, 'disconnect', { socketId });
      whenDone?.();
      return answerOf(result, 'connection', 'closed');
    },
  });
}

/** Asks, and then closes all connections of a user. */
export function disconnectUser(appId: string, userId: string, whenDone?: () => void): void {
  confirm({
    title: 'Disconnect this user',
    text: `All connections on which user ${userId} of application ${appId} is signed in are closed, on every node, with code 4009: stock clients do not connect again by themselves.`,
    verb: 'Disconnect user',
    act: async () => {
      const result = await act(appId, 'disconnect', { userId });
      whenDone?.();
      return answerOf(result, 'connection', 'closed');
    },
  });
}

/** Asks, and then takes a user out of a channel. */
export function unsubscribeUser(
  appId: string,
  userId: string,
  channel: string,
  whenDone?: () => void,
): void {
  confirm({
    title: 'Unsubscribe this user',
    text: `All subscriptions of user ${userId} to ${channel} end, on every node; its clients are told of a subscription error (403). The connections stay open.`,
    verb: 'Unsubscribe',
    act: async () => {
      const result = await act(appId, 'unsubscribe', { userId, channel });
      whenDone?.();
      return answerOf(result, 'subscription', 'ended');
    },
  });
}

/** Asks, and then makes a channel forget its cached event. */
export function forgetCachedEvent(appId: string, channel: string, whenDone?: () => void): void {
  confirm({
    title: 'Clear the cached event',
    text: `${channel} forgets the event it remembers. Whoever subscribes next is told of a cache miss.`,
    verb: 'Clear',
    act: async () => {
      const result = await act(appId, 'forget-cached-event', { channel });
      whenDone?.();
      return answerOf(result, 'event', 'forgotten');
    },
  });
}

/** Asks, and then sends dead webhooks again: those named, or all. */
export function retryWebhooks(
  appId: string,
  ids: readonly string[] | undefined,
  whenDone: () => void,
): void {
  const what =
    ids === undefined ? 'All dead letters are' : `${countOf(ids.length, 'dead letter')} will be`;
  confirm({
    title: ids === undefined ? 'Send all again' : 'Send again',
    text: `${what} put back in the queue and sent to their endpoints, with a new signature and time.`,
    verb: 'Send again',
    act: async () => {
      const { retried } = await ask<{ retried: number }>(['apps', appId, 'webhooks', 'retry'], {
        method: 'POST',
        body: ids === undefined ? {} : { ids },
      });
      whenDone();
      return `${countOf(retried, 'webhook')} put back in the queue.`;
    },
  });
}
