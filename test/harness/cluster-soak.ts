import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { disagreements } from './cluster-agreement.js';
import { Landscape, strike } from './cluster-faults.js';
import { orderFault } from './cluster-model.js';
import { missedBy, refusedButHeard, Traffic } from './cluster-traffic.js';
import { Visitor } from './cluster-visitor.js';
import { eventually } from './eventually.js';
import { NodeCluster, RECOVERY_MS } from './node-cluster.js';
import { Random } from './random.js';
import { RedisServer } from './redis-server.js';
import type { ServerProcess } from './server-process.js';

const NODES = 3;
const VISITORS = 60;
const USERS = 24;
const ROOMS = ['presence-1', 'presence-2', 'presence-3', 'presence-cache-1'];
const PRIVATES = ['private-1', 'private-2', 'private-cache-1'];
const CHANNELS = [...ROOMS, ...PRIVATES, 'news-1', 'news-2', 'news-3', 'news-4', 'cache-1'];
const CACHES = CHANNELS.filter((name) => name.includes('cache-'));
const NEWS = CHANNELS.filter((name) => !name.includes('cache-'));

const VARIABLES = {
  REVERB_WEBHOOK_GRACE: '1',
  REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0',
};

/** Users on the move between nodes that are killed, put to sleep, or cut off from Redis. */
export class Soak {
  private readonly traffic: Traffic;
  private readonly failures: unknown[] = [];
  /** Visitors who are on their way in or out. */
  private readonly busy = new Set<Visitor>();
  private isStormy = false;

  private constructor(
    private readonly landscape: Landscape,
    private readonly visitors: readonly Visitor[],
    private readonly seed: number,
    private readonly faults: Random,
  ) {
    this.traffic = new Traffic(landscape);
  }

  static async start(seed: number): Promise<Soak> {
    const redis = await RedisServer.start();
    const landscape = new Landscape(await NodeCluster.start(NODES, redis, VARIABLES), redis);
    const random = new Random(seed);
    const users = Array.from({ length: USERS }, (_, i) => `user-${i}`);
    const visitors = Array.from({ length: VISITORS }, (_, i) => {
      const watchlist = Array.from({ length: 6 }, () => random.of(users));
      const options = i % 2 === 0 ? { watchlist: [...new Set(watchlist)] } : {};
      return new Visitor(users[i % USERS]!, `visitor-${i}`, options);
    });
    return new Soak(landscape, visitors, seed, new Random(seed + 1));
  }

  /** What happened, and what the nodes said, for the reader of a failed test. */
  get history(): string {
    const { history, cluster } = this.landscape;
    const outputs = cluster.nodes.map(
      ({ port, output }) => `Port ${port}:\n${output.slice(-4000)}`,
    );
    return [...history, ...outputs].join('\n');
  }

  /** Everybody does something while things go wrong; then all is well again, and everybody must know. */
  async storm(faults: number): Promise<void> {
    this.isStormy = true;
    const moving = [this.churn(), this.ask(), ...this.publishers()];
    for (let i = 0; i < faults; i++) {
      await sleep(500 + this.faults.below(1_500));
      await strike(this.landscape, this.faults);
      this.check();
    }
    const overMs = performance.now();
    this.isStormy = false;
    await Promise.all(moving);
    this.landscape.note('calm');
    await this.converge(overMs);
    await this.publishToAll();
  }

  /** @throws Error the first thing that went wrong */
  check(): void {
    this.landscape.expectNoCrash();
    if (this.failures.length > 0) throw this.failures[0];
    for (const visitor of this.visitors) visitor.listen();
  }

  private async whileStormy(restMs: () => number, step: () => unknown): Promise<void> {
    try {
      while (this.isStormy) {
        await step();
        await sleep(restMs());
      }
    } catch (error) {
      this.failures.push(error);
    }
  }

  /** Something that takes its time, with which nobody waits. */
  private inBackground(visitor: Visitor, work: () => Promise<void>): void {
    this.busy.add(visitor);
    work()
      .catch((error) => this.failures.push(error))
      .finally(() => this.busy.delete(visitor));
  }

  private churn(): Promise<void> {
    const random = new Random(this.seed + 2);
    return this.whileStormy(
      () => 12,
      () => {
        this.bringBack(random);
        const visitor = random.of(this.visitors);
        if (!this.busy.has(visitor)) this.move(visitor, random);
      },
    );
  }

  /** Who is cut off comes to another node, as client libraries do. */
  private bringBack(random: Random): void {
    for (const visitor of this.visitors) {
      if (visitor.isConnected || this.busy.has(visitor)) continue;
      this.expectReason(visitor);
      this.inBackground(visitor, async () => {
        await sleep(random.below(300));
        await visitor.depart();
        const { hosts } = this.landscape;
        // It may go away, or to sleep, in this very moment: then there is another try.
        await visitor.arrive(random.of(hosts)).catch(() => undefined);
      });
    }
  }

  private expectReason({ node, closed, name }: Visitor): void {
    if (closed === undefined || node === undefined || this.landscape.isDoomed(node)) return;
    const { code, reason } = closed;
    throw new Error(`${name} was cut off from port ${node.port}: ${code} ${reason}`);
  }

  private move(visitor: Visitor, random: Random): void {
    visitor.listen();
    const channels = [...visitor.channels];
    const turn = random.below(100);
    if (turn < 45 || channels.length === 0) {
      visitor.subscribe(random.of(CHANNELS));
    } else if (turn < 75) {
      visitor.unsubscribe(random.of(channels));
    } else if (turn < 95) {
      const channel = random.of(channels);
      if (/^(private|presence)-/.test(channel)) visitor.trigger(channel);
    } else {
      const isAbrupt = random.below(2) === 0;
      this.inBackground(visitor, () => visitor.depart({ isAbrupt }));
    }
  }

  private publishers(): Promise<void>[] {
    return Array.from({ length: NODES }, (_, i) => {
      const random = new Random(this.seed + 10 + i);
      return this.whileStormy(
        () => 30 + random.below(60),
        () => {
          const channels = Array.from({ length: 1 + random.below(3) }, () => random.of(NEWS));
          // The order in which two nodes remember an event is not that in which they send it.
          if (i === 0) channels.push(random.of(CACHES));
          return this.traffic.publish(this.hostFor(i), `publisher-${i}`, channels);
        },
      );
    });
  }

  private ask(): Promise<void> {
    const random = new Random(this.seed + 3);
    const paths = ['connections', 'channels', 'channels/news-1', 'channels/presence-1/users'];
    return this.whileStormy(
      () => 100,
      () => this.traffic.ask(random.of(this.landscape.hosts), 'GET', random.of(paths)),
    );
  }

  private hostFor(i: number): ServerProcess {
    const { hosts } = this.landscape;
    return hosts[i % hosts.length]!;
  }

  private async converge(overMs: number): Promise<void> {
    const random = new Random(this.seed + 4);
    const isSo = async (): Promise<void> => {
      this.bringBack(random);
      this.check();
      refute(await this.faultsFound());
    };
    const withinMs = Math.max(1, overMs + RECOVERY_MS - performance.now());
    await eventually(isSo, { withinMs, everyMs: 150 });
    this.landscape.note(`right again ${Math.round(performance.now() - overMs)} ms after the end`);
  }

  private async faultsFound(): Promise<string[]> {
    const { hosts } = this.landscape;
    const caches = await Promise.all(CACHES.map((channel) => this.cacheFaults(hosts, channel)));
    return [...(await disagreements(hosts, this.visitors, ROOMS)), ...caches.flat()];
  }

  /** All nodes remember the same event. */
  private async cacheFaults(nodes: readonly ServerProcess[], channel: string): Promise<string[]> {
    const query = { info: 'cache' };
    const answers = nodes.map((node) =>
      this.traffic.ask(node, 'GET', `channels/${channel}`, { query }),
    );
    const data = (await Promise.all(answers)).map((answer) => String(answer?.json.cache?.data));
    return new Set(data).size === 1 ? [] : [`${channel} remembers ${data.join(' and ')}`];
  }

  /** What is published now reaches everybody, in one order. */
  private async publishToAll(): Promise<void> {
    const early = this.traffic.takeAccepted();
    const { hosts } = this.landscape;
    const publishing = hosts.map(async (node, i) => {
      for (const channel of CHANNELS) await this.traffic.publish(node, `last-${i}`, [channel]);
    });
    await Promise.all(publishing);
    const late = this.traffic.takeAccepted();
    await eventually(() => {
      this.check();
      refute(missedBy(this.visitors, late, false));
    });
    refute(missedBy(this.visitors, early, true));
    refute(refusedButHeard(this.visitors, this.traffic.refused));
    const ids = new Set(late.map(({ id }) => id));
    for (const channel of CHANNELS) {
      const last = ({ ear }: Visitor) => ear.of(channel).events.filter((id) => ids.has(id));
      if (orderFault(this.visitors.map(last)) === undefined) continue;
      refute(this.visitors.map((one) => `port ${one.node?.port} in ${channel}: ${last(one)}`));
    }
  }
}

/** @throws Error when there are faults */
function refute(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const more = faults.length > 40 ? `\n  ... ${faults.length} in all` : '';
  throw new Error(`\n  ${faults.slice(0, 40).join('\n  ')}${more}\n`);
}
