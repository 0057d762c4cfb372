import { Inject, Injectable } from '@nestjs/common';
import { ClusterService } from '../../scaling/cluster.service.js';
import { SCALING_OPTIONS, type ScalingOptions } from '../../scaling/scaling.options.js';
import { nodeChanges } from './node-changes.js';
import { WatchDesk } from './watch-desk.js';

/** Records that nodes come and go, and that they can be reached or not. */
@Injectable()
export class ClusterTap {
  private isDown = false;
  private nodes: readonly string[] = [];
  /** Until then other nodes that can be reached again may not have said so. */
  private settledAtMs = 0;

  constructor(
    private readonly cluster: ClusterService,
    private readonly desk: WatchDesk,
    @Inject(SCALING_OPTIONS) private readonly scaling: ScalingOptions,
  ) {}

  /** What is so now is no news. */
  begin(): void {
    this.isDown = this.cluster.status === 'down';
    this.nodes = this.cluster.nodes;
    this.settledAtMs = 0;
  }

  /** Records what has changed since. */
  look(): void {
    this.lookAtLink();
    if (this.isDown || performance.now() < this.settledAtMs) return;
    const { nodeId, nodes } = this.cluster;
    for (const change of nodeChanges(nodeId, this.nodes, nodes)) {
      this.desk.record({ kind: 'node' }, { reason: change });
    }
    this.nodes = nodes;
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
}
