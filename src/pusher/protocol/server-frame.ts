import { textFrame } from '../../connections/frame.js';
import type { Member } from '../../scaling/state-store.js';
import { escapedRoster } from './escaped-roster.js';
import type { PusherError, SubscriptionRefusal } from './pusher-error.js';

/*
 * One function for each frame the server sends. Each gives a finished WebSocket frame, so that a
 * broadcast is encoded once whatever the number of receivers. `data` is always a JSON string,
 * because several client libraries decode nothing else.
 */

const frameOf = (event: string, data: string) =>
  textFrame(`{"event":"${event}","data":${JSON.stringify(data)}}`);

const channelFrameOf = (event: string, channel: string, data: string) =>
  textFrame(
    `{"event":"${event}","channel":${JSON.stringify(channel)},"data":${JSON.stringify(data)}}`,
  );

/** Asks for a sign of life. */
export const PING = frameOf('pusher:ping', '{}');
/** Answers a client's `pusher:ping`. */
export const PONG = frameOf('pusher:pong', '{}');

/** The first frame of every connection that is let in. */
export function connectionEstablished(socketId: string, activityTimeoutSeconds: number): Buffer {
  return frameOf(
    'pusher:connection_established',
    JSON.stringify({ socket_id: socketId, activity_timeout: activityTimeoutSeconds }),
  );
}

/** What went wrong, for the whole connection. A close may follow. */
export function errorFrame(error: PusherError): Buffer {
  return frameOf('pusher:error', JSON.stringify({ code: error.code, message: error.message }));
}

/** Lets a connection into a channel; with those who are in it, each user once, if it is a presence channel. */
export function subscriptionSucceeded(channel: string, members?: Iterable<Member>): Buffer {
  const data = members === undefined ? '{}' : escapedRoster(members);
  return textFrame(
    `{"event":"pusher_internal:subscription_succeeded","channel":${JSON.stringify(channel)},"data":"${data}"}`,
  );
}

/** Says why a connection was not let into a channel. */
export function subscriptionError(channel: string, refusal: SubscriptionRefusal): Buffer {
  const { type, error, status } = refusal;
  return channelFrameOf(
    'pusher:subscription_error',
    channel,
    JSON.stringify({ type, error, status }),
  );
}

/** A user is in a presence channel now. `user_info` is there only if it was given. */
export function memberAdded(channel: string, member: Member): Buffer {
  const userInfo = member.userInfo === undefined ? '' : `,"user_info":${member.userInfo}`;
  return channelFrameOf(
    'pusher_internal:member_added',
    channel,
    `{"user_id":${JSON.stringify(member.id)}${userInfo}}`,
  );
}

/** A user is in a presence channel no more, with any of its connections. */
export function memberRemoved(channel: string, member: Member): Buffer {
  return channelFrameOf(
    'pusher_internal:member_removed',
    channel,
    `{"user_id":${JSON.stringify(member.id)}}`,
  );
}

/** How many connections are subscribed to a channel. */
export function subscriptionCount(channel: string, count: number): Buffer {
  return channelFrameOf(
    'pusher_internal:subscription_count',
    channel,
    `{"subscription_count":${count}}`,
  );
}

/** Nothing is cached for a cache channel that was just joined. */
export function cacheMiss(channel: string): Buffer {
  return channelFrameOf('pusher:cache_miss', channel, '{}');
}

/** An event published by a backend. `data` is passed on as the string it is. */
export function publishedEvent(event: string, channel: string, data: string): Buffer {
  return textFrame(
    `{"event":${JSON.stringify(event)},"channel":"${channel}","data":${JSON.stringify(data)}}`,
  );
}

/** A client event, rebuilt from what may be passed on. `data` keeps its JSON type; undefined leaves it out. */
export function clientEvent(
  event: string,
  channel: string,
  data: unknown,
  userId: string | undefined,
): Buffer {
  const dataPart = data === undefined ? '' : `,"data":${JSON.stringify(data)}`;
  const userPart = userId === undefined ? '' : `,"user_id":${JSON.stringify(userId)}`;
  return textFrame(
    `{"event":${JSON.stringify(event)},"channel":"${channel}"${dataPart}${userPart}}`,
  );
}

/** The connection belongs to its user now; `userData` as it was signed. */
export function signinSuccess(userData: string): Buffer {
  return frameOf('pusher:signin_success', JSON.stringify({ user_data: userData }));
}

/** Tells a watcher which users came online or went offline. */
export function watchlistEvents(name: 'online' | 'offline', userIds: readonly string[]): Buffer {
  return frameOf(
    'pusher_internal:watchlist_events',
    JSON.stringify({ events: [{ name, user_ids: userIds }] }),
  );
}
