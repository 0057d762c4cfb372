import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RedisOptions } from '../../src/scaling/scaling.options.js';
import { eventually } from './eventually.js';
import { RedisProcess } from './redis-process.js';
import { RedisServer } from './redis-server.js';

const NAME = 'tests';
const SENTINELS = 3;
const QUORUM = 2;
const FAILOVER_MS = 15_000;

/** How it differs from one that lets everybody in. */
export interface RedisSentinelOptions {
  /** Of master and replica. */
  readonly password?: string;
  /** Of the sentinels. */
  readonly sentinelPassword?: string;
}

/** A real master, a replica of it and three sentinels that watch over them. */
export class RedisSentinel {
  private constructor(
    private readonly servers: readonly RedisServer[],
    readonly sentinels: readonly RedisProcess[],
    private readonly startOptions: RedisSentinelOptions,
  ) {}

  /** Resolves once the sentinels know of each other and of the replica. */
  static async start(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
    const { password } = options;
    const swift = ['--repl-diskless-sync-delay', '0'];
    const auth = password ? ['--masterauth', password] : [];
    const master = await RedisServer.start({ password, args: [...swift, ...auth] });
    const replicaOf = ['--replicaof', `${master.host} ${master.port}`];
    const replica = await RedisServer.start({ password, args: [...swift, ...auth, ...replicaOf] });
    await untilSaid(master, ['INFO', 'replication'], /state=online/);
    const sentinels = await Promise.all(
      Array.from({ length: SENTINELS }, () => startSentinel(master, options)),
    );
    const sentinel = new RedisSentinel([master, replica], sentinels, options);
    await sentinel.untilWatching();
    return sentinel;
  }

  /** For `scaling.redis` of the server under test; the driver is `redis-sentinel`. */
  get options(): Partial<RedisOptions> {
    const { password, sentinelPassword } = this.startOptions;
    return {
      sentinels: this.sentinels.map(({ host, port }) => ({ host, port })),
      sentinelName: NAME,
      ...(password && { password }),
      ...(sentinelPassword && { sentinelPassword }),
    };
  }

  /** For the environment of a server process. */
  get variables(): Record<string, string> {
    const { password, sentinelPassword } = this.startOptions;
    return {
      REVERB_SCALING_DRIVER: 'redis-sentinel',
      REVERB_REDIS_SENTINELS: this.sentinels.map(({ address }) => address).join(),
      REVERB_REDIS_SENTINEL_NAME: NAME,
      ...(password && { REDIS_PASSWORD: password }),
      ...(sentinelPassword && { REVERB_REDIS_SENTINEL_PASSWORD: sentinelPassword }),
    };
  }

  /** Whom a sentinel calls the master now. */
  async master(sentinel = this.sentinels[0]!): Promise<RedisServer> {
    const [, port] = (await sentinel.command(
      'SENTINEL',
      'GET-MASTER-ADDR-BY-NAME',
      NAME,
    )) as string[];
    return this.servers.find((server) => server.port === Number(port))!;
  }

  /** Kills the master. Resolves with the new one, when all sentinels send everybody there. */
  async failover(): Promise<RedisServer> {
    const former = await this.master();
    const successor = this.servers.find((server) => server !== former)!;
    await former.kill();
    await untilSaid(successor, ['ROLE'], /^master/);
    for (const sentinel of this.sentinels) {
      await eventually(
        async () => {
          if ((await this.master(sentinel)) !== successor) throw new Error('The former is meant.');
        },
        { withinMs: FAILOVER_MS },
      );
    }
    return successor;
  }

  private async untilWatching(): Promise<void> {
    for (const sentinel of this.sentinels) {
      const command = ['SENTINEL', 'MASTER', NAME];
      await untilSaid(sentinel, command, new RegExp(`\\bnum-other-sentinels,${SENTINELS - 1}\\b`));
      await untilSaid(sentinel, command, /\bnum-slaves,1\b/);
    }
  }
}

async function untilSaid(process: RedisProcess, command: string[], pattern: RegExp): Promise<void> {
  const ask = async (): Promise<void> => {
    const answer = String(await process.command(...command));
    if (!pattern.test(answer)) throw new Error(`${String(pattern)} does not match ${answer}`);
  };
  await eventually(ask, { withinMs: FAILOVER_MS });
}

function startSentinel(
  master: RedisServer,
  { password, sentinelPassword }: RedisSentinelOptions,
): Promise<RedisProcess> {
  const configuration = (port: number) => [
    'bind 127.0.0.1',
    `port ${port}`,
    ...(sentinelPassword
      ? [`requirepass ${sentinelPassword}`, `sentinel sentinel-pass ${sentinelPassword}`]
      : []),
    `sentinel monitor ${NAME} ${master.host} ${master.port} ${QUORUM}`,
    ...(password ? [`sentinel auth-pass ${NAME} ${password}`] : []),
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 3000`,
  ];
  return RedisProcess.launch({
    // A sentinel writes into its configuration what it learns.
    args: (port, directory) => {
      const file = join(directory, 'sentinel.conf');
      writeFileSync(file, `${configuration(port).join('\n')}\n`);
      return [file, '--sentinel'];
    },
    client: sentinelPassword ? { password: sentinelPassword } : {},
  });
}
