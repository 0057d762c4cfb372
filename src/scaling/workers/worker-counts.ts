import type { WorkerLink } from './worker-link.js';

/**
 * How many connections and subscriptions this worker has. The hub is told at the end of the turn, of
 * each number the last one.
 */
export class WorkerCounts {
  private readonly connections = new Map<string, Set<string>>();
  private changes = new Map<string, number>();
  private subscriptions = new Map<string, Map<string, number>>();
  private isWaiting = false;

  constructor(private readonly link: WorkerLink) {}

  /** The connections of an application, by their socket ids. */
  connectionsOf(appId: string): Set<string> {
    let connections = this.connections.get(appId);
    if (connections === undefined) this.connections.set(appId, (connections = new Set()));
    return connections;
  }

  open(appId: string, socketId: string): void {
    const connections = this.connectionsOf(appId);
    if (connections.has(socketId)) return;
    connections.add(socketId);
    this.change(appId, 1);
  }

  close(appId: string, socketId: string): void {
    if (this.connectionsOf(appId).delete(socketId)) this.change(appId, -1);
  }

  setSubscriptions(appId: string, channel: string, count: number): void {
    let channels = this.subscriptions.get(appId);
    if (channels === undefined) this.subscriptions.set(appId, (channels = new Map()));
    channels.set(channel, count);
    this.wait();
  }

  /** Tells the hub now, so that what is asked next is answered by it. */
  tell(): void {
    for (const [appId, change] of this.changes) {
      if (change !== 0) this.link.say('changeConnections', appId, change);
    }
    for (const [appId, channels] of this.subscriptions) {
      for (const [channel, count] of channels) {
        this.link.say('setSubscriptions', appId, channel, count);
      }
    }
    this.changes = new Map();
    this.subscriptions = new Map();
  }

  private change(appId: string, change: number): void {
    this.changes.set(appId, (this.changes.get(appId) ?? 0) + change);
    this.wait();
  }

  private wait(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.link.atTurnEnd(() => {
      this.isWaiting = false;
      this.tell();
      return undefined;
    });
  }
}
