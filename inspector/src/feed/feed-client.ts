import Pusher from 'pusher-js';
import { ask } from '../api/api.js';
import type { SignedIn } from '../contract.js';

const RECONNECT_MS = 5000;

function portsOf({ port, protocol }: Location): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** The stock client, and how to end it for good. */
export interface FeedClient {
  readonly pusher: Pusher;
  stop(): void;
}

/** Connects the stock client to the server that the page came from. */
export function createClient(
  feed: SignedIn['feed'],
  onChange: (isConnected: boolean) => void,
): FeedClient {
  const port = portsOf(location);
  const pusher = new Pusher(feed.key, {
    cluster: '',
    wsHost: location.hostname,
    wsPort: port,
    wssPort: port,
    wsPath: feed.path,
    forceTLS: location.protocol === 'https:',
    enabledTransports: ['ws', 'wss'],
    enableStats: false,
    channelAuthorization: {
      transport: 'ajax',
      endpoint: '',
      customHandler: ({ socketId, channelName }, callback) => {
        const body = { socket_id: socketId, channel_name: channelName };
        void ask<{ auth: string }>(['feed-auth'], { method: 'POST', body })
          .then((answer) => ({ answer, error: null }))
          .catch((error: unknown) => ({ answer: null, error: error as Error }))
          // oxlint-disable-next-line promise/no-callback-in-promise -- the stock client wants one.
          .then(({ answer, error }) => callback(error, answer));
      },
    },
  });
  return keptConnected(pusher, onChange);
}

/** The stock client gives up on some close codes; a page that is left open should come back. */
function keptConnected(pusher: Pusher, onChange: (isConnected: boolean) => void): FeedClient {
  let isStopped = false;
  pusher.connection.bind('state_change', ({ current }: { current: string }) => {
    if (isStopped) {
      return;
    }
    onChange(current === 'connected');
    if (current === 'failed' || current === 'disconnected') {
      setTimeout(() => {
        if (!isStopped && pusher.connection.state === current) {
          pusher.connect();
        }
      }, RECONNECT_MS);
    }
  });
  return {
    pusher,
    stop: () => {
      isStopped = true;
      pusher.disconnect();
    },
  };
}
