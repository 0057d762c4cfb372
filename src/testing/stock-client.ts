import { channelStringToSign, sign, userStringToSign } from '../pusher/protocol/signature.js';
import type { TestCredentials, TestUser } from './test-client.js';

/** What pusher-js gives to a custom handler. */
interface AuthorizationRequest {
  readonly socketId: string;
  readonly channelName: string;
}

type Callback<T> = (error: Error | null, data: T | null) => void;

/** Options of pusher-js; see {@link stockClientOptions}. */
export interface StockClientOptions {
  readonly wsHost: string;
  readonly wsPort: number;
  readonly wsPath: string;
  readonly forceTLS: false;
  readonly enabledTransports: ['ws'];
  readonly enableStats: false;
  readonly cluster: '';
  readonly channelAuthorization: {
    readonly transport: 'ajax';
    readonly endpoint: '';
    readonly customHandler: (
      request: AuthorizationRequest,
      callback: Callback<{ auth: string; channel_data?: string }>,
    ) => void;
  };
  readonly userAuthentication: {
    readonly transport: 'ajax';
    readonly endpoint: '';
    readonly customHandler: (
      request: Pick<AuthorizationRequest, 'socketId'>,
      callback: Callback<{ auth: string; user_data: string }>,
    ) => void;
  };
}

/**
 * Options for pusher-js to connect to a server of a test. Private and presence channels are signed at
 * once, without a backend.
 */
export function stockClientOptions(
  url: string,
  { key, secret }: TestCredentials,
  { id, userInfo, watchlist }: TestUser,
): StockClientOptions {
  const { hostname, port, pathname } = new URL(url);
  const signed = (text: string) => `${key}:${sign(secret, text)}`;
  return {
    wsHost: hostname,
    wsPort: Number(port),
    wsPath: pathname === '/' ? '' : pathname,
    forceTLS: false,
    enabledTransports: ['ws'],
    enableStats: false,
    cluster: '',
    channelAuthorization: {
      transport: 'ajax',
      endpoint: '',
      customHandler: ({ socketId, channelName }, callback) => {
        const channelData = channelName.startsWith('presence-')
          ? JSON.stringify({ user_id: id, user_info: userInfo })
          : undefined;
        const auth = signed(channelStringToSign(socketId, channelName, channelData));
        callback(null, channelData === undefined ? { auth } : { auth, channel_data: channelData });
      },
    },
    userAuthentication: {
      transport: 'ajax',
      endpoint: '',
      customHandler: ({ socketId }, callback) => {
        const userData = JSON.stringify({ id, user_info: userInfo, watchlist });
        callback(null, {
          auth: signed(userStringToSign(socketId, userData)),
          user_data: userData,
        });
      },
    },
  };
}
