import { Inject, Injectable } from '@nestjs/common';
import { Drain } from '../../pusher/drain.js';
import { ClusterService } from '../../scaling/cluster.service.js';
import { SCALING_OPTIONS, type ScalingOptions } from '../../scaling/scaling.options.js';
import { WatchDesk } from './watch-desk.js';

/** Records that nodes come and go, and that they can be reached or not. */
@Injectable()
export class ClusterTap {
  private isDown = false;
  /** Until then others that can be reached again may not have said so. */
  private settledAtMs = 0;
  private nodes: ReadonlySet<string> = new Set();

  constructor(
    private readonly cluster: ClusterService,
    private readonly desk: WatchDesk,
    private readonly drain: Drain,
    @Inject(SCALING_OPTIONS) private readonly scaling: ScalingOptions,
  ) {}

  /** What is so now is no news. */
  begin(): void {
    this.settledAtMs = 0;
    this.isDown = this.cluster.status === 'down';
    this.nodes = new Set(this.cluster.nodes);
  }

  /** Records what has changed since. */
  look(): void {
    this.lookAtLink();
    // The others say what becomes of nodes while this one goes.
    if (this.isDown || this.drain.isDraining || performance.now() < this.settledAtMs) return;
    const nodes = this.cluster.nodes;
    // One tells of it, or else each would: of those who were there before, as a newcomer knows of no change.
    const isSpeaker = nodes.every((node) => !this.nodes.has(node) || node >= this.cluster.nodeId);
    if (isSpeaker) this.compare(nodes);
    this.nodes = new Set(nodes);
  }

  private lookAtLink(): void {
    const isDown = this.cluster.status === 'down';
    if (isDown === this.isDown) return;
    this.isDown = isDown;
    if (!isDown) this.settledAtMs = performance.now() + this.scaling.leaseSeconds * 1000;
    const reason = isDown
      ? 'The other nodes cannot be reached: what is shown now is this node alone'
      : 'The other nodes can be reached again';
    this.desk.record({ kind: 'redis' }, { reason: `${this.cluster.nodeId}: ${reason}` });
  }

  private compare(nodes: readonly string[]): void {
    for (const node of nodes) {
      if (!this.nodes.has(node)) this.say(`${node} is there`);
    }
    const now = new Set(nodes);
    for (const node of this.nodes) {
      if (!now.has(node)) this.say(`${node} is gone`);
    }
  }

  private say(what: string): void {
    this.desk.record({ kind: 'node' }, { reason: `Node ${what}` });
  }
}
