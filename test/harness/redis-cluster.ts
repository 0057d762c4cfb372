import type { RedisOptions } from '../../src/scaling/scaling.options.js';
import { eventually } from './eventually.js';
import { RedisProcess } from './redis-process.js';
import { COMMON_ARGS } from './redis-server.js';

const SLOTS = 16_384;
const JOIN_MS = 15_000;

/** How a cluster differs from one of masters that let everybody in. */
export interface RedisClusterOptions {
  /** For each master. Default 0. */
  readonly replicas?: number;
  readonly password?: string;
}

/** A real Redis Cluster, empty and without persistence. The slots are shared evenly, in the order of the masters. */
export class RedisCluster {
  private constructor(
    readonly masters: readonly RedisProcess[],
    readonly replicas: readonly RedisProcess[],
    private readonly password: string | undefined,
  ) {}

  /** Resolves once every node finds the cluster whole. */
  static async start(masters = 3, options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { replicas = 0, password } = options;
    const start = (count: number) =>
      Promise.all(Array.from({ length: count }, () => startNode(password)));
    const [ofMasters, ofReplicas] = await Promise.all([start(masters), start(masters * replicas)]);
    const cluster = new RedisCluster(ofMasters, ofReplicas, password);
    await cluster.shareSlots();
    await cluster.meet();
    await cluster.replicate();
    await cluster.untilWhole();
    return cluster;
  }

  get nodes(): readonly RedisProcess[] {
    return [...this.masters, ...this.replicas];
  }

  /** For `scaling.redis` of the server under test; the driver is `redis-cluster`. */
  get options(): Partial<RedisOptions> {
    const clusterNodes = this.masters.map(({ host, port }) => ({ host, port }));
    return { clusterNodes, ...(this.password && { password: this.password }) };
  }

  /** For the environment of a server process. */
  get variables(): Record<string, string> {
    return {
      REVERB_SCALING_DRIVER: 'redis-cluster',
      REVERB_REDIS_CLUSTER_NODES: this.masters.map(({ address }) => address).join(),
      ...(this.password && { REDIS_PASSWORD: this.password }),
    };
  }

  /** The node that is the master of a key or a topic of sharded Pub/Sub now. */
  async masterOf(name: string): Promise<RedisProcess> {
    const running = this.nodes.find(({ isRunning }) => isRunning)!;
    const slot = Number(await running.command('CLUSTER', 'KEYSLOT', name));
    const ranges = (await running.command('CLUSTER', 'SLOTS')) as [number, number, unknown[]][];
    const [, , master] = ranges.find(([from, to]) => from <= slot && slot <= to)!;
    return this.nodes.find(({ port }) => port === Number(master[1]))!;
  }

  /** Asks every master for all of something, such as `KEYS *`. */
  async gather(...command: readonly string[]): Promise<string[]> {
    const answers = await Promise.all(this.masters.map((node) => node.command(...command)));
    return (answers as string[][]).flat();
  }

  /** Resolves once every running node finds that all slots are served. */
  async untilWhole(): Promise<void> {
    const size = this.masters.length;
    const isWhole = async (node: RedisProcess): Promise<void> => {
      const info = String(await node.command('CLUSTER', 'INFO'));
      for (const fact of ['state:ok', `slots_ok:${SLOTS}`, `size:${size}`]) {
        if (!info.includes(`cluster_${fact}\r`)) throw new Error(`${fact} is not in\n${info}`);
      }
    };
    const running = this.nodes.filter(({ isRunning }) => isRunning);
    await Promise.all(
      running.map((node) => eventually(() => isWhole(node), { withinMs: JOIN_MS })),
    );
  }

  private async shareSlots(): Promise<void> {
    const { length } = this.masters;
    await Promise.all(
      this.masters.map(async (master, i) => {
        const first = Math.floor((i * SLOTS) / length);
        const last = Math.floor(((i + 1) * SLOTS) / length) - 1;
        await master.command('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
        await master.command('CLUSTER', 'ADDSLOTSRANGE', first, last);
      }),
    );
  }

  private async meet(): Promise<void> {
    const [first, ...others] = this.nodes;
    for (const { host, port } of others) await first!.command('CLUSTER', 'MEET', host, port);
    const knowsAll = async (node: RedisProcess): Promise<void> => {
      const nodes = String(await node.command('CLUSTER', 'NODES'))
        .trim()
        .split('\n');
      const connected = nodes.filter((line) => /connected/.test(line) && !/handshake/.test(line));
      if (connected.length !== this.nodes.length) throw new Error(nodes.join('\n'));
    };
    await Promise.all(
      this.nodes.map((node) => eventually(() => knowsAll(node), { withinMs: JOIN_MS })),
    );
  }

  private async replicate(): Promise<void> {
    await Promise.all(
      this.replicas.map(async (replica, i) => {
        const master = this.masters[i % this.masters.length]!;
        await replica.command(
          'CLUSTER',
          'REPLICATE',
          String(await master.command('CLUSTER', 'MYID')),
        );
        await eventually(
          async () => {
            const info = String(await replica.command('INFO', 'replication'));
            if (!info.includes('master_link_status:up')) throw new Error(info);
          },
          { withinMs: JOIN_MS },
        );
      }),
    );
  }
}

function startNode(password: string | undefined): Promise<RedisProcess> {
  const options = {
    '--cluster-enabled': 'yes',
    '--cluster-node-timeout': '1000',
    '--repl-diskless-sync-delay': '0',
    ...(password && { '--requirepass': password, '--masterauth': password }),
  };
  return RedisProcess.launch({
    hasBusPort: true,
    args: (port) => [...COMMON_ARGS, '--port', String(port), ...Object.entries(options).flat()],
    client: password ? { password } : {},
  });
}
