import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { disagreements } from './cluster-agreement.js';
import { Crowd } from './cluster-crowd.js';
import { Landscape, loseData, type Strike } from './cluster-faults.js';
import { orderFault } from './cluster-model.js';
import { describeMiss, missedBy, refusedButHeard, Traffic } from './cluster-traffic.js';
import type { LocalPublication } from './cluster-traffic.js';
import type { Visitor } from './cluster-visitor.js';
import { eventually } from './eventually.js';
import { NodeCluster, RECOVERY_MS } from './node-cluster.js';
import { Random } from './random.js';
import { RedisServer } from './redis-server.js';
import type { ServerProcess } from './server-process.js';
import { parseJson } from './signed-request.js';

const NODES = 3;
const VISITORS = 60;
const USERS = 24;
const ROOMS = ['presence-1', 'presence-2', 'presence-3', 'presence-cache-1'];
const PRIVATES = ['private-1', 'private-2', 'private-cache-1'];
const CHANNELS = [...ROOMS, ...PRIVATES, 'news-1', 'news-2', 'news-3', 'news-4', 'cache-1'];
const CACHES = CHANNELS.filter((name) => name.includes('cache-'));
const NEWS = CHANNELS.filter((name) => !name.includes('cache-'));
const QUESTIONS = ['connections', 'channels', 'channels/news-1', 'channels/presence-1/users'];

const VARIABLES = {
  REVERB_WEBHOOK_GRACE: '1',
  REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0',
};

/** A cluster under traffic, in which things go wrong. */
export class Soak {
  private readonly traffic: Traffic;
  private readonly crowd: Crowd;
  private readonly faults: Random;
  private isStormy = false;

  private constructor(
    private readonly landscape: Landscape,
    private readonly seed: number,
  ) {
    this.faults = new Random(seed);
    this.traffic = new Traffic(landscape);
    this.crowd = new Crowd(landscape, new Random(seed + 1), CHANNELS, VISITORS, USERS);
  }

  static async start(seed: number): Promise<Soak> {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.start(NODES, redis, VARIABLES);
    return new Soak(new Landscape(cluster, redis), seed);
  }

  /** What happened, and what the nodes said, for the reader of a failed test. */
  get history(): string {
    const { history, cluster } = this.landscape;
    const said = cluster.nodes.map(({ port, output }) => `Port ${port}:\n${output.slice(-4000)}`);
    return [...history, ...said].join('\n');
  }

  /** Everybody does something while things go wrong; then all is well again, and everybody must know. */
  async storm(strike: Strike, times: number): Promise<void> {
    this.isStormy = true;
    const happening = [this.churn(), this.ask(), ...this.publishers()];
    for (let i = 0; i < times; i++) {
      await sleep(500 + this.faults.below(1_500));
      await strike(this.landscape, this.faults);
      this.check();
    }
    const overMs = performance.now();
    this.isStormy = false;
    await Promise.all(happening);
    await this.converge(overMs);
    this.checkDeliveries(this.traffic.takeAccepted(), strike === loseData ? times : undefined);
    await this.publishToAll();
  }

  /** @throws Error the first thing that went wrong */
  private check(): void {
    this.landscape.expectSoundness();
    this.crowd.listen();
  }

  private async whileStormy(restMs: () => number, step: () => unknown): Promise<void> {
    try {
      while (this.isStormy) {
        await step();
        await sleep(restMs());
      }
    } catch (error) {
      this.crowd.failures.push(error);
    }
  }

  private churn(): Promise<void> {
    return this.whileStormy(
      () => 12,
      () => {
        this.crowd.bringBack();
        this.crowd.move();
      },
    );
  }

  private publishers(): Promise<void>[] {
    return Array.from({ length: NODES }, (_, i) => {
      const random = new Random(this.seed + 10 + i);
      const step = () => {
        const channels = Array.from({ length: 1 + random.below(3) }, () => random.of(NEWS));
        // The order in which two nodes remember events is not that in which they send them.
        if (i === 0) channels.push(random.of(CACHES));
        const { hosts } = this.landscape;
        return this.traffic.publish(hosts[i % hosts.length]!, `publisher-${i}`, channels);
      };
      return this.whileStormy(() => 30 + random.below(60), step);
    });
  }

  private ask(): Promise<void> {
    const random = new Random(this.seed + 2);
    return this.whileStormy(
      () => 100,
      () => this.traffic.ask(random.of(this.landscape.hosts), 'GET', random.of(QUESTIONS)),
    );
  }

  private async converge(overMs: number): Promise<void> {
    const isSo = async (): Promise<void> => {
      this.crowd.bringBack();
      this.check();
      const { hosts } = this.landscape;
      refute(await disagreements(hosts, this.crowd.visitors, ROOMS));
      for (const channel of CACHES) refute(await this.cacheFaults(hosts, channel));
    };
    const withinMs = Math.max(1, overMs + RECOVERY_MS - performance.now());
    await eventually(isSo, { withinMs, everyMs: 150 });
    this.landscape.note(`right again, ${Math.round(performance.now() - overMs)} ms after the end`);
  }

  /** All nodes remember the same event; and the last one, unless the node that accepted it is gone. */
  private async cacheFaults(nodes: readonly ServerProcess[], channel: string): Promise<string[]> {
    const query = { info: 'cache' };
    const asked = nodes.map((node) =>
      this.traffic.ask(node, 'GET', `channels/${channel}`, { query }),
    );
    const answers = (await Promise.all(asked)).map((answer) => String(answer?.json.cache?.data));
    if (new Set(answers).size > 1) return [`${channel} remembers ${answers.join(' and ')}`];
    const last = this.traffic.lastAccepted(channel);
    if (last === undefined || this.landscape.isDoomed(last.node)) return [];
    if (parseJson(answers[0]!)?.number >= last.number) return [];
    return [`${channel} remembers ${answers[0]}, not ${last.id}`];
  }

  /**
   * Whatever happened, subscribers of the node that accepted an event got it, and nobody got what was
   * refused. If nothing but Redis' data was lost, all got all, but for what Redis was at when it died.
   */
  private checkDeliveries(accepted: readonly LocalPublication[], losses: number | undefined): void {
    const { visitors } = this.crowd;
    const missed = missedBy(visitors, accepted);
    const near = missed.filter(({ visitor, publication }) => visitor.node === publication.node);
    refute(near.map(describeMiss));
    refute(refusedButHeard(visitors, this.traffic.refused));
    if (losses === undefined) return;
    const ids = new Set(missed.map(({ publication }) => publication.id));
    if (ids.size > losses) refute(missed.map(describeMiss));
  }

  /** What is published now reaches everybody, in one order. */
  private async publishToAll(): Promise<void> {
    const publishing = this.landscape.hosts.map(async (node, i) => {
      for (const channel of CHANNELS) await this.traffic.publish(node, `last-${i}`, [channel]);
    });
    await Promise.all(publishing);
    const { visitors } = this.crowd;
    const accepted = this.traffic.takeAccepted();
    await eventually(() => {
      this.check();
      refute(missedBy(visitors, accepted).map(describeMiss));
    });
    const ids = new Set(accepted.map(({ id }) => id));
    for (const channel of CHANNELS) {
      const heard = ({ ear }: Visitor) => ear.of(channel).events.filter((id) => ids.has(id));
      if (orderFault(visitors.map(heard)) === undefined) continue;
      refute(visitors.map((one) => `port ${one.node?.port} in ${channel}: ${heard(one).join()}`));
    }
  }
}

/** @throws Error when there are faults */
function refute(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const more = faults.length > 40 ? `\n  ... ${faults.length} in all` : '';
  throw new Error(`\n  ${faults.slice(0, 40).join('\n  ')}${more}\n`);
}
