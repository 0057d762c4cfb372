import { performance } from 'node:perf_hooks';
import { eventually } from './eventually.js';
import { RECOVERY_MS } from './node-cluster.js';
import { publish } from './publish.js';
import { PusherClient } from './pusher-client.js';
import type { ConnectTarget, Json } from './pusher-client.js';
import type { ApiTarget, Credentials } from './signed-request.js';

/** A server, of this process or of another. */
export type ClientTarget = ConnectTarget & Credentials;

/** The event that {@link publishNumbers} publishes. */
export const NUMBER = 'number';

/** A new client of a node, subscribed to public channels. */
export async function subscriber(
  node: ConnectTarget,
  ...channels: readonly string[]
): Promise<PusherClient> {
  const client = await PusherClient.connect(node);
  for (const channel of channels) await client.subscribe(channel);
  return client;
}

/** A new client of a node, in a presence channel. */
export async function member(
  node: ClientTarget,
  channel: string,
  user_id: Json,
  user_info?: Json,
): Promise<PusherClient> {
  const client = await PusherClient.connect(node);
  await client.subscribePresence(channel, { user_id, user_info }, node);
  return client;
}

/** A new client of a node that signed in. */
export async function signedIn(
  node: ClientTarget,
  id: string,
  ...watchlist: readonly string[]
): Promise<PusherClient> {
  const client = await PusherClient.connect(node);
  await client.signin({ id, watchlist }, node);
  return client;
}

/** `data` of all events of a name that a client got on a channel, in the order of arrival. */
export function heard(client: PusherClient, channel: string, event = NUMBER): Json[] {
  return client.framesLike({ event, channel }).map(({ json }) => json);
}

/** Resolves once a client has got as many numbers, and fails unless it got these, in this order. */
export async function untilHeard(
  client: PusherClient,
  channel: string,
  numbers: readonly number[],
  withinMs = RECOVERY_MS,
): Promise<void> {
  const isThere = (): void => {
    if (heard(client, channel).length < numbers.length) throw new Error('Numbers are missing.');
  };
  await eventually(isThere, { withinMs }).catch(() => undefined);
  expect(heard(client, channel)).toEqual(numbers);
}

/** Publishes numbers, one after the other. */
export async function publishNumbers(
  node: ApiTarget,
  channel: string,
  numbers: readonly number[],
): Promise<void> {
  for (const number of numbers) await publish(node, channel, NUMBER, String(number));
}

/** `from`, `from` + 1, ... */
export const numbersFrom = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i);

/** What a client was told of users on its watchlist, in order, as `online bob`. */
export function toldTo(watcher: PusherClient): string[] {
  return watcher
    .framesLike('pusher_internal:watchlist_events')
    .flatMap(({ json }) =>
      json.events.flatMap(({ name, user_ids }: { name: string; user_ids: string[] }) =>
        user_ids.map((id) => `${name} ${id}`),
      ),
    );
}

/** What a client was told of members of a channel after it was let in, in order, as `added bob`. */
export function changesSeenBy(client: PusherClient, channel: string): string[] {
  return client.frames.flatMap(({ event, channel: where, json }) => {
    const [, change] = /^pusher_internal:member_(added|removed)$/.exec(event) ?? [];
    return change !== undefined && where === channel ? [`${change} ${json.user_id}`] : [];
  });
}

/**
 * Publishes numbers through a node for as long as something else takes, and as fast as it answers.
 * Gives what was published, and the longest time an answer took.
 */
export class Publisher {
  readonly accepted: number[] = [];
  slowestMs = 0;
  private isStopped = false;
  private readonly running: Promise<void>;

  private constructor(
    private readonly node: ApiTarget,
    private readonly channel: string,
  ) {
    this.running = this.run();
  }

  static start(node: ApiTarget, channel: string): Publisher {
    const publisher = new Publisher(node, channel);
    // Whoever started it hears of it when it is stopped.
    publisher.running.catch(() => undefined);
    return publisher;
  }

  /** Resolves once this many more were accepted. */
  async more(count: number): Promise<void> {
    const wanted = this.accepted.length + count;
    const isThere = (): void => {
      if (this.accepted.length < wanted) throw new Error(`${this.accepted.length} of ${wanted}`);
    };
    await eventually(isThere, { withinMs: RECOVERY_MS });
  }

  /** Resolves when the last publish was answered; rejects when one was not. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    for (let number = 0; !this.isStopped; number++) {
      const sentAt = performance.now();
      await publish(this.node, this.channel, NUMBER, String(number));
      this.accepted.push(number);
      this.slowestMs = Math.max(this.slowestMs, performance.now() - sentAt);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}
