import { encodeClusterMessage } from '../scaling/cluster-message-codec.js';
import { nodeTopic } from '../scaling/cluster.service.js';
import { KeyNames } from '../scaling/redis/key-names.js';
import { RedisConnections } from '../scaling/redis/redis-connections.js';
import { topicName } from '../scaling/redis/topic-name.js';
import type { ScalingOptions } from '../scaling/scaling.options.js';
import { RestartError, type ClusterControl } from './rolling-restart.js';

/** The nodes of a cluster over Redis, seen by somebody who is none of them. */
export class RedisClusterControl implements ClusterControl {
  private readonly link: RedisConnections;
  private readonly leases: string;
  private readonly leaving: string;
  private sequence = 0;

  constructor(options: ScalingOptions) {
    this.link = new RedisConnections(options);
    const [leases = '', , leaving = ''] = new KeyNames(options.prefix).registry;
    this.leases = leases;
    this.leaving = leaving;
  }

  /** @throws RestartError when Redis cannot be reached */
  async open(): Promise<void> {
    await this.link.open();
    if (this.link.status !== 'up') throw new RestartError('Redis cannot be reached.');
  }

  close(): Promise<void> {
    return this.link.close();
  }

  async nodes(): Promise<readonly string[]> {
    const { commands } = this.link;
    const [leased, leaving] = await Promise.all([
      commands.zrange(this.leases, '0', '-1'),
      commands.hkeys(this.leaving),
    ]);
    // Who has not renewed its lease is taken off the list by the others, a heartbeat later.
    return leased.filter((nodeId) => !leaving.includes(nodeId));
  }

  async restart(nodeId: string): Promise<void> {
    const { commands, isCluster, prefix } = this.link;
    const topic = topicName(prefix, nodeTopic(nodeId));
    const message = encodeClusterMessage({
      origin: this.link.nodeId,
      sequence: ++this.sequence,
      previous: 0,
      message: { type: 'restart' },
    });
    await (isCluster ? commands.spublish(topic, message) : commands.publish(topic, message));
  }
}
