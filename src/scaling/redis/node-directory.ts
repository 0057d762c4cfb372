import { Injectable } from '@nestjs/common';

/** Told of a node that came or went. */
export type NodeListener = (nodeId: string) => void;

/**
 * The other nodes that are alive, as far as is known. Filled by the state store, which sees the
 * leases; read by the Pub/Sub driver. While Redis is away it stays as it was.
 */
@Injectable()
export class NodeDirectory {
  private readonly peers = new Set<string>();
  private readonly joinedListeners: NodeListener[] = [];
  private readonly leftListeners: NodeListener[] = [];

  /** The names of the other nodes, without this one; a copy. */
  get ids(): readonly string[] {
    return [...this.peers];
  }

  has(nodeId: string): boolean {
    return this.peers.has(nodeId);
  }

  /** These are all, and there are no others. */
  replace(nodeIds: Iterable<string>): void {
    const wanted = new Set(nodeIds);
    for (const nodeId of this.peers) if (!wanted.has(nodeId)) this.remove(nodeId);
    for (const nodeId of wanted) this.add(nodeId);
  }

  add(nodeId: string): void {
    if (this.peers.has(nodeId)) return;
    this.peers.add(nodeId);
    for (const listener of this.joinedListeners) listener(nodeId);
  }

  remove(nodeId: string): void {
    if (!this.peers.delete(nodeId)) return;
    for (const listener of this.leftListeners) listener(nodeId);
  }

  /** Called with each node that was not known before. */
  onJoined(listener: NodeListener): void {
    this.joinedListeners.push(listener);
  }

  /** Called with each node that is known no more. */
  onLeft(listener: NodeListener): void {
    this.leftListeners.push(listener);
  }
}
