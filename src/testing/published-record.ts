import type { Published } from '../extensions/on-hooks.js';
import { AwaitedList, type Patience } from './awaited-list.js';
import { decoded } from './decoded.js';
import { matches } from './matches.js';

/** An event that a server published to one channel. */
export interface PublishedToChannel {
  readonly appId: string;
  readonly channel: string;
  readonly event: string;
  /** Decoded, where it was JSON. */
  readonly data: unknown;
  /** The string that subscribers get. */
  readonly rawData: string;
  /** The connection that does not get it. */
  readonly exceptSocketId: string | undefined;
}

/** All that a server published, over its API or its EventDispatcher, as extensions let it pass. */
export class PublishedRecord {
  private readonly list = new AwaitedList<PublishedToChannel>(
    ({ channel, event, rawData }) => `${event} to ${channel}: ${rawData}`,
  );

  add({ application, event: { name, data: rawData, channels, exceptSocketId } }: Published): void {
    for (const channel of new Set(channels)) {
      const data = decoded(rawData);
      this.list.add({ appId: application.id, channel, event: name, data, rawData, exceptSocketId });
    }
  }

  of(appId: string, channel?: string): readonly PublishedToChannel[] {
    return this.list.all.filter(
      (one) => one.appId === appId && (channel === undefined || one.channel === channel),
    );
  }

  /** Each is taken once. */
  expect(
    appId: string,
    channel: string,
    event: string,
    data: unknown,
    patience?: Patience,
  ): Promise<PublishedToChannel> {
    return this.list.take(
      `${event} to be published to ${channel}`,
      (one) =>
        one.appId === appId &&
        one.channel === channel &&
        one.event === event &&
        (data === undefined || matches(data, one.data)),
      patience,
    );
  }

  clear(): void {
    this.list.clear();
  }
}
