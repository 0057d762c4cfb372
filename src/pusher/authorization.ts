import { serverToUserIdOf, type ChannelKind } from '../channels/channel-name.js';
import type { Application } from '../applications/application.js';
import { secretOf } from '../applications/application.js';
import type { Connection } from '../connections/connection.js';
import type { SubscribeMessage } from './protocol/client-message.js';
import { channelStringToSign, isSignatureOf, splitAuth } from './protocol/signature.js';

/**
 * Why a connection may not subscribe, in words for its developer, or undefined if it may: the
 * channel is public (and the application not reserved), or the request is signed with a key of the application, or the channel is the
 * user's own.
 */
export function authorizationFault(
  connection: Connection,
  kind: ChannelKind,
  message: SubscribeMessage,
): string | undefined {
  if (kind.name === 'server-to-user') {
    const isOwn = connection.user?.id === serverToUserIdOf(message.channel);
    return isOwn ? undefined : 'Only the user itself may subscribe to this channel: sign in first.';
  }
  if (!kind.needsAuth) {
    const { isReserved } = connection.application;
    return isReserved ? 'This application has private channels only.' : undefined;
  }
  if (message.auth === undefined) return 'Subscribing to this channel needs an auth token.';
  const signed = channelStringToSign(connection.socketId, message.channel, message.channelData);
  return signatureFault(connection.application, message.auth, signed);
}

/** What is wrong with `auth` as a signature of a text by a key of the application, or undefined. */
export function signatureFault(
  application: Application,
  auth: string,
  text: string,
): string | undefined {
  const parts = splitAuth(auth);
  if (parts === undefined) return 'The auth token must have the form key:signature.';
  const secret = secretOf(application, parts.key);
  if (secret === undefined) return 'The auth token is signed with a key of another application.';
  if (isSignatureOf(parts.signature, secret, text)) return undefined;
  return 'The auth token has a wrong signature. Check the secret, and the socket id and the data that were signed.';
}
