import { authSignature } from '../harness/signed-request.js';
import type { Credentials } from '../harness/signed-request.js';

const MAX_MESSAGE_SIZE = 10_000;
const MAX_NAME_LENGTH = 200;
const MAX_USER_INFO_SIZE = 2_048;
const MAX_ID_LENGTH = 128;

const MALFORMED = ['error 4200'];
const UNAUTHORIZED = ['refused AuthError 401', 'error 4009'];

/** What is known of the connection a message is sent on. */
export interface Sender extends Credentials {
  readonly socketId: string;
  readonly subscribed: Set<string>;
  user?: string;
}

type JsonObject = Record<string, unknown>;

/**
 * The protocol once more, as a function: how a server of default settings answers a message,
 * one short line for each frame. Keeps `sender` up to date.
 */
export function expectedAnswers(bytes: Buffer, sender: Sender): string[] {
  if (bytes.length > MAX_MESSAGE_SIZE) return ['closed 1009'];
  const message = objectIn(bytes.toString());
  if (message === undefined) return MALFORMED;
  const { event, channel, data } = message;
  if (typeof event !== 'string' || event === '') return MALFORMED;
  if (!isOptionalText(channel)) return MALFORMED;
  if (event.startsWith('client-')) return answersToClientEvent(event, channel, sender);
  if (event === 'pusher:ping') return ['pong'];
  if (event === 'pusher:pong') return [];
  const fields = typeof data === 'string' ? objectIn(data) : asObject(data);
  if (fields === undefined) return MALFORMED;
  if (event === 'pusher:subscribe') return answersToSubscribe(fields, sender);
  if (event === 'pusher:unsubscribe') {
    if (typeof fields.channel !== 'string') return MALFORMED;
    sender.subscribed.delete(fields.channel);
    return [];
  }
  return event === 'pusher:signin' ? answersToSignin(fields, sender) : MALFORMED;
}

function answersToClientEvent(
  event: string,
  channel: string | null | undefined,
  { subscribed }: Sender,
): string[] {
  if (event === 'client-' || event.length > MAX_NAME_LENGTH) return MALFORMED;
  if (typeof channel !== 'string') return MALFORMED;
  const isForMembers = /^(private|presence)-(?!encrypted-)/.test(channel);
  if (!isForMembers && !channel.startsWith('presence-')) return ['error 4301'];
  return subscribed.has(channel) ? [] : ['error 4009'];
}

function answersToSubscribe(fields: JsonObject, sender: Sender): string[] {
  const { channel, auth, channel_data: channelData } = fields;
  if (typeof channel !== 'string') return MALFORMED;
  if (!isOptionalText(auth) || !isOptionalText(channelData)) return MALFORMED;
  if (/^#server-to-user-[-a-zA-Z0-9_=@,.;]{1,128}$/.test(channel)) {
    return channel.slice(16) === sender.user ? succeeded(channel, sender) : UNAUTHORIZED;
  }
  if (!/^[-a-zA-Z0-9_=@,.;]{1,200}$/.test(channel)) return ['refused InvalidChannel 400'];
  const isPresence = channel.startsWith('presence-');
  if (isPresence || channel.startsWith('private-')) {
    const signed = [
      sender.socketId,
      channel,
      ...((channelData ?? undefined) === undefined ? [] : [channelData]),
    ];
    if (auth !== authSignature(sender.key, sender.secret, signed.join(':'))) return UNAUTHORIZED;
  }
  const fault = isPresence ? faultOfMember(channelData ?? undefined, sender) : undefined;
  return fault === undefined ? succeeded(channel, sender) : [fault];
}

function succeeded(channel: string, { subscribed }: Sender): string[] {
  const isNew = !subscribed.has(channel);
  subscribed.add(channel);
  const isCache = /^(private-|presence-|private-encrypted-)?cache-/.test(channel);
  return ['subscribed', ...(isCache && isNew ? ['cache miss'] : [])];
}

function faultOfMember(channelData: string | undefined, { user }: Sender): string | undefined {
  if (channelData === undefined && user !== undefined) return undefined;
  const member = objectIn(channelData ?? '');
  const id = member?.user_id;
  const isText = typeof id === 'string' && id !== '' && id.length <= MAX_ID_LENGTH;
  if (!isText && typeof id !== 'number') return 'refused InvalidChannelData 400';
  const info = member?.user_info === undefined ? '' : JSON.stringify(member.user_info);
  return Buffer.byteLength(info) > MAX_USER_INFO_SIZE ? 'refused LimitReached 4301' : undefined;
}

function answersToSignin({ auth, user_data: userData }: JsonObject, sender: Sender): string[] {
  if (typeof auth !== 'string' || typeof userData !== 'string') return MALFORMED;
  const signed = `${sender.socketId}::user::${userData}`;
  const id = objectIn(userData)?.id;
  const isRight =
    auth === authSignature(sender.key, sender.secret, signed) &&
    typeof id === 'string' &&
    /^[-a-zA-Z0-9_=@,.;]{1,128}$/.test(id) &&
    (sender.user ?? id) === id;
  if (!isRight) return ['error 4009', 'closed 4009'];
  sender.user = id;
  return ['signed in'];
}

function objectIn(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): JsonObject | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : undefined;
}

function isOptionalText(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || typeof value === 'string';
}
