import { MAX_ENDED_WATCHES } from '../../../src/inspector/limits.js';
import { signal } from '@preact/signals';
import { ask } from '../api/api.js';
import { wordsOf } from '../api/api-failure.js';
import type { RecordsFrame, SignedIn, WatchAnswer, WatchFilter } from '../contract.js';
import { createClient, type FeedClient } from './feed-client.js';
import { channelOfWatch, newWatchId } from './watch-id.js';

/** How the feed is doing. */
export type FeedState = 'off' | 'connecting' | 'live' | 'reconnecting';

interface FeedWatch {
  readonly id: string;
  filter: WatchFilter;
  readonly onFrame: (frame: RecordsFrame) => void;
}

/** Ends a watch, or changes what it asks for. */
export interface WatchHandle {
  setFilter(filter: WatchFilter): void;
  end(): void;
}

const RENEWAL_MS = 3000;
const CHANGE_DELAY_MS = 150;
const RETRY_MS = 3000;

/** How the feed is doing. */
export const feedState = signal<FeedState>('off');

/** Which nodes hear the watches, as of the last answer. */
export const hearing = signal<WatchAnswer>({ nodes: [], isPartial: false });

/** Why the server did not hear of the watches the last time, in words. */
export const hearingFailure = signal<string | undefined>(undefined);

const watches = new Map<string, FeedWatch>();
const ended = new Set<string>();
let client: FeedClient | undefined;
let clientKey = '';
let renewal: ReturnType<typeof setTimeout> | undefined;

/** Begins, or goes on under a new session: all watches are taken along. */
export function startFeed({ feed }: SignedIn): void {
  const key = JSON.stringify(feed);
  if (client === undefined || clientKey !== key) {
    client?.stop();
    feedState.value = 'connecting';
    clientKey = key;
    client = createClient(feed, (isConnected) => {
      feedState.value = isConnected ? 'live' : 'reconnecting';
      renewSoon(0);
    });
  } else {
    client.pusher.connect();
  }
  watches.forEach(listen);
  renewSoon(0);
}

/** Closes the connection; watches are kept for the next start. */
export function stopFeed(): void {
  clearTimeout(renewal);
  client?.stop();
  client = undefined;
  feedState.value = 'off';
}

/** Asks for records until it is ended, over every reconnect. */
export function watch(filter: WatchFilter, onFrame: (frame: RecordsFrame) => void): WatchHandle {
  const created: FeedWatch = { id: newWatchId(), filter, onFrame };
  watches.set(created.id, created);
  listen(created);
  renewSoon(0);
  return {
    setFilter: (changed) => {
      created.filter = changed;
      renewSoon(CHANGE_DELAY_MS);
    },
    end: () => {
      watches.delete(created.id);
      ended.add(created.id);
      client?.pusher.unsubscribe(channelOfWatch(created.id));
      renewSoon(CHANGE_DELAY_MS);
    },
  };
}

function listen(wanted: FeedWatch): void {
  const name = channelOfWatch(wanted.id);
  if (client === undefined || client.pusher.channel(name) !== undefined) {
    return;
  }
  const channel = client.pusher.subscribe(name);
  channel.bind('records', wanted.onFrame);
  // The stock client does not ask again for a channel that it was refused.
  channel.bind('pusher:subscription_error', () => {
    client?.pusher.unsubscribe(name);
    setTimeout(() => watches.has(wanted.id) && listen(wanted), RETRY_MS);
  });
}

function renewSoon(delayMs: number): void {
  clearTimeout(renewal);
  renewal = setTimeout(() => void renew(), delayMs);
}

async function renew(): Promise<void> {
  if (client === undefined) {
    return;
  }
  const told = [...ended];
  // Those that are not told end by themselves.
  const ending = told.slice(-MAX_ENDED_WATCHES);
  const body = {
    watches: [...watches.values()].map(({ id, filter }) => ({ id, filter })),
    ...(ending.length > 0 && { ended: ending }),
  };
  const asked = renewal;
  try {
    hearing.value = await ask<WatchAnswer>(['watches'], { method: 'PUT', body });
    hearingFailure.value = undefined;
    told.forEach((id) => ended.delete(id));
  } catch (error) {
    hearing.value = { nodes: [], isPartial: true };
    hearingFailure.value = wordsOf(error);
  }
  if (client !== undefined && renewal === asked) {
    renewSoon(RENEWAL_MS);
  }
}
