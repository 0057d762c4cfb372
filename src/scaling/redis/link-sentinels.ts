import type { Redis } from 'ioredis';
import type { RedisNode, ScalingOptions } from '../scaling.options.js';
import { connectClient } from './link-session.js';
import { createSentinel } from './redis-client.js';

const CHECK_MS = 3_000;

/** In a row, that name another master; one sentinel may be behind the others. */
const CHECKS_TO_BELIEVE = 2;

/** Asks the sentinels for the master, and now and then again: the one that was left alone may not know it. */
export class LinkSentinels {
  private readonly clients = new Set<Redis>();
  private timer?: NodeJS.Timeout;
  private isClosed = false;

  constructor(private readonly options: ScalingOptions) {}

  /**
   * Asks all at once, and believes the first that knows.
   * @throws when none knows, what one of them said
   */
  async findMaster(): Promise<RedisNode> {
    const { sentinels } = this.options.redis;
    if (sentinels.length === 0) throw new Error('no sentinel is named: set REVERB_REDIS_SENTINELS');
    try {
      return await Promise.any(sentinels.map((sentinel) => this.ask(sentinel)));
    } catch (error) {
      throw explain((error as AggregateError).errors[0] as Error);
    } finally {
      this.dropClients();
    }
  }

  /** Calls back once, when another master is named than the one given. */
  watch(master: RedisNode, onChanged: () => void): void {
    let contradictions = 0;
    const check = async () => {
      const named = await this.findMaster().catch(() => master);
      const isSame = named.host === master.host && named.port === master.port;
      contradictions = isSame ? 0 : contradictions + 1;
      if (this.isClosed) return;
      if (contradictions === CHECKS_TO_BELIEVE) onChanged();
      else this.timer = setTimeout(() => void check(), CHECK_MS);
    };
    this.timer = setTimeout(() => void check(), CHECK_MS);
  }

  /** At once, and for good. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.dropClients();
  }

  private async ask(sentinel: RedisNode): Promise<RedisNode> {
    const { sentinelName } = this.options.redis;
    const client = createSentinel(this.options, sentinel);
    this.clients.add(client);
    await connectClient(client);
    const answer = await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', sentinelName);
    const [host, port] = Array.isArray(answer) ? (answer as string[]) : [];
    if (host !== undefined) return { host, port: Number(port) };
    throw new Error(`they know no "${sentinelName}": set REVERB_REDIS_SENTINEL_NAME`);
  }

  private dropClients(): void {
    for (const client of this.clients) client.disconnect();
    this.clients.clear();
  }
}

/** Sentinels have a password of their own. */
function explain(error: Error): Error {
  if (!/^(WRONGPASS|NOAUTH)\b/.test(error.message)) return error;
  const sentence = 'the sentinels refuse the password: set REVERB_REDIS_SENTINEL_PASSWORD';
  return new Error(sentence, { cause: error });
}
