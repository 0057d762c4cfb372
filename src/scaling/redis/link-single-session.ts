import type { Redis } from 'ioredis';
import type { RedisNode, ScalingOptions } from '../scaling.options.js';
import { LinkSentinels } from './link-sentinels.js';
import {
  connectClient,
  expectMaster,
  loadScripts,
  watchConnection,
  type LinkSession,
  type LinkSessionEvents,
} from './link-session.js';
import { createRedis, redisKindOf } from './redis-client.js';

/** So that one command with very many topics does not hold up the others. */
const TOPICS_PER_COMMAND = 1_000;

/** Two connections to one server, which sentinels may name. */
export class SingleSession implements LinkSession {
  commands!: Redis;
  private subscriber!: Redis;
  private readonly sentinels?: LinkSentinels;
  private isOver = false;

  constructor(
    private readonly options: ScalingOptions,
    private readonly name: string,
    private readonly events: LinkSessionEvents,
  ) {
    if (redisKindOf(options) === 'sentinel') this.sentinels = new LinkSentinels(options);
  }

  connections(): Redis[] {
    return [this.commands, this.subscriber];
  }

  async connect(scripts: readonly string[]): Promise<void> {
    const server = (await this.sentinels?.findMaster()) ?? this.options.redis;
    if (this.isOver) return;
    this.create(server);
    await Promise.all(this.connections().map((connection) => connectClient(connection)));
    await expectMaster(this.commands);
    await loadScripts(this.commands, scripts);
    this.sentinels?.watch(server, () =>
      this.lose(new Error('the sentinels have named another master')),
    );
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    await Promise.all(inChunks(topics).map((chunk) => this.subscriber.subscribe(...chunk)));
  }

  async unsubscribe(topics: readonly string[]): Promise<void> {
    await Promise.all(inChunks(topics).map((chunk) => this.subscriber.unsubscribe(...chunk)));
  }

  drop(): void {
    this.isOver = true;
    this.sentinels?.close();
    this.commands?.disconnect();
    this.subscriber?.disconnect();
  }

  async quit(): Promise<void> {
    this.isOver = true;
    this.sentinels?.close();
    // Goes the way of the commands that wait for their pipeline, QUIT would overtake them.
    await this.commands.echo('');
    await Promise.all(this.connections().map((connection) => connection.quit()));
  }

  private create(server: RedisNode): void {
    this.commands = createRedis(this.options, server, this.name, {
      enableAutoPipelining: true,
      autoPipeliningIgnoredCommands: ['ping'],
    });
    this.subscriber = createRedis(this.options, server, this.name);
    this.subscriber.on('messageBuffer', this.events.onMessage);
    for (const connection of this.connections()) {
      watchConnection(connection, (reason) => this.lose(reason));
    }
  }

  private lose(reason: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.events.onLost(reason);
  }
}

function inChunks(topics: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let start = 0; start < topics.length; start += TOPICS_PER_COMMAND) {
    chunks.push(topics.slice(start, start + TOPICS_PER_COMMAND));
  }
  return chunks;
}
