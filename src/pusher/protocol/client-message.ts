import { invalidMessage } from './pusher-error.js';

/** What a client may ask for, after parsing. Absent optional fields are undefined, `null` counts as absent. */
export type ClientMessage =
  | { readonly event: 'pusher:ping' | 'pusher:pong' }
  | SubscribeMessage
  | UnsubscribeMessage
  | SigninMessage
  | ClientEventMessage;

/** Asks to join a channel. */
export interface SubscribeMessage {
  readonly event: 'pusher:subscribe';
  readonly channel: string;
  readonly auth: string | undefined;
  /** JSON, signed exactly as it stands here. */
  readonly channelData: string | undefined;
}

/** Leaves a channel; nothing answers it. */
export interface UnsubscribeMessage {
  readonly event: 'pusher:unsubscribe';
  readonly channel: string;
}

/** Says who the user of the connection is. */
export interface SigninMessage {
  readonly event: 'pusher:signin';
  readonly auth: string;
  /** JSON, signed exactly as it stands here. */
  readonly userData: string;
}

/** An event for the others in a channel. */
export interface ClientEventMessage {
  readonly event: `client-${string}`;
  readonly channel: string | undefined;
  /** Any JSON value; undefined when absent. */
  readonly data: unknown;
}

type JsonObject = Record<string, unknown>;

/**
 * Reads one message of a client (protocol, section 2).
 * @param text what the frame held, untrusted
 * @param maxEventNameLength characters
 * @throws PusherError 4200 for anything malformed
 */
export function parseClientMessage(text: string, maxEventNameLength: number): ClientMessage {
  const message = parseObject(text);
  const { event } = message;
  if (typeof event !== 'string' || event === '') throw invalidMessage();
  if (event.startsWith('client-')) {
    if (event.length === 7 || event.length > maxEventNameLength) throw invalidMessage();
    return {
      event: event as `client-${string}`,
      channel: optionalString(message.channel),
      data: message.data,
    };
  }
  optionalString(message.channel);
  switch (event) {
    case 'pusher:ping':
    case 'pusher:pong':
      return { event };
    case 'pusher:subscribe': {
      const data = dataOf(message);
      return {
        event,
        channel: requiredString(data.channel),
        auth: optionalString(data.auth),
        channelData: optionalString(data.channel_data),
      };
    }
    case 'pusher:unsubscribe':
      return { event, channel: requiredString(dataOf(message).channel) };
    case 'pusher:signin': {
      const data = dataOf(message);
      return { event, auth: requiredString(data.auth), userData: requiredString(data.user_data) };
    }
    default:
      throw invalidMessage();
  }
}

/** The `data` of a `pusher:` message: an object, or a string that holds one. */
function dataOf(message: JsonObject): JsonObject {
  return typeof message.data === 'string' ? parseObject(message.data) : asObject(message.data);
}

function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidMessage();
  }
  return asObject(value);
}

function asObject(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidMessage();
  return value as JsonObject;
}

function requiredString(value: unknown): string {
  if (typeof value !== 'string') throw invalidMessage();
  return value;
}

function optionalString(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return requiredString(value);
}
