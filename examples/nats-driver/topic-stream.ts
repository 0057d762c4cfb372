import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import type { NatsLink } from './nats-link.js';
import { safePrefix, tokenOf } from './subject-token.js';

const REQUEST_MS = 1500;

/**
 * The way of messages through JetStream. A server of NATS keeps the order of each publisher, but
 * subscribers may see several of them in different orders. So messages are published into a stream,
 * which puts them in one order, keeps but the last, and publishes them again for those who listen.
 */
export class TopicStream {
  private readonly prefix: string;
  private readonly name: string;

  constructor(
    private readonly link: NatsLink,
    prefix: string,
  ) {
    this.prefix = safePrefix(prefix);
    this.name = `${this.prefix}-topics`;
  }

  /** Where messages of a topic are published. */
  entryOf(topic: string): string {
    return `${this.prefix}.in.${tokenOf(topic)}`;
  }

  /** Where messages of a topic come out. */
  exitOf(topic: string): string {
    return `${this.prefix}.out.${tokenOf(topic)}`;
  }

  /** Makes the stream if it is not there. */
  async open(): Promise<void> {
    const { streams } = await this.link.during(
      jetstreamManager(this.link.connection, { timeout: REQUEST_MS }),
    );
    try {
      await this.link.during(streams.info(this.name));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.link.during(
        streams.add({
          name: this.name,
          subjects: [`${this.prefix}.in.>`],
          republish: { src: `${this.prefix}.in.>`, dest: `${this.prefix}.out.>` },
          storage: StorageType.Memory,
          retention: RetentionPolicy.Limits,
          discard: DiscardPolicy.Old,
          max_msgs: 1,
          num_replicas: this.link.replicas,
        }),
      );
    }
  }
}

const isNotFound = (error: unknown) =>
  error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
