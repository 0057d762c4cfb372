import type { Connection } from '../connections/connection.js';
import type { AwaitedHook } from '../extensions/awaited-hook.js';
import type { SubscriptionRequest } from '../extensions/before-hooks.js';
import type { Member } from '../scaling/state-store.js';
import type { SubscribeMessage } from './protocol/client-message.js';
import { ClosingError, PusherError, SubscriptionError } from './protocol/pusher-error.js';

/**
 * Asks the extensions about a subscription.
 * @returns who joins, as they want it known
 * @throws SubscriptionError, and what else they refuse it with
 */
export async function askAboutSubscription(
  hook: AwaitedHook<SubscriptionRequest>,
  connection: Connection,
  { channel, channelData }: SubscribeMessage,
  joining: Member | undefined,
): Promise<Member | undefined> {
  const member = joining && { userId: joining.userId, userInfo: valueOf(joining.userInfo) };
  const { application } = connection;
  const asked = { application, connection, channel, channelData, member };
  try {
    const passed = await hook.ask(asked);
    const isChanged = passed !== null && passed.member !== member;
    return joining && isChanged
      ? { ...joining, userInfo: JSON.stringify(passed.member?.userInfo) }
      : joining;
  } catch (error) {
    throw asSubscriptionError(error, channel);
  }
}

/** A client waits for the answer to its subscription, and a bare error would not be one. */
function asSubscriptionError(error: unknown, channel: string): unknown {
  if (!(error instanceof PusherError) || error instanceof ClosingError) return error;
  const { message, code } = error;
  return new SubscriptionError(channel, { type: 'AuthError', error: message, status: code });
}

const valueOf = (json: string | undefined): unknown =>
  json === undefined ? undefined : JSON.parse(json);
