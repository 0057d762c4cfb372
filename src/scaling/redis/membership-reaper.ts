import { Logger } from '@nestjs/common';
import { fromExactText } from './exact-text.js';
import { isGraced, readRosterName } from './key-names.js';
import type { GracedRosters } from './roster-graces.js';
import type { StoreContext } from './store-context.js';

const USERS_PER_SCRIPT = 500;
const PAGE_SIZE = 200;
const KEYS_PER_SCRIPT = 500;

/** Thrown when a node that was taken for dead has registered anew, or another node is at work on it. */
class NoTaskError extends Error {}

/**
 * Clears away what dead nodes left. Each step is done by Redis at once and can be done again, so it
 * does no harm when two are at work on the same node, or one that began dies as well.
 */
export class NodeReaper {
  /** Nodes this one has cleared away. */
  reapedNodes = 0;
  private readonly logger = new Logger('StateStore');
  private readonly underWay = new Set<string>();

  constructor(
    private readonly context: StoreContext,
    /** Of users, and of places. */
    private readonly graced: readonly GracedRosters[],
  ) {}

  /** @param epoch of the registration that is over. @returns whether nothing is left of the node now, by this node's work */
  async bury(nodeId: string, epoch: number): Promise<boolean> {
    if (this.underWay.has(nodeId)) return false;
    this.underWay.add(nodeId);
    try {
      const isBuried = await this.context.attempt(() => this.clearAway(nodeId, epoch));
      if (isBuried !== true) return false;
      this.reapedNodes += 1;
      this.logger.log('A node is gone, and what it held was cleared away', { nodeId });
      return true;
    } finally {
      this.underWay.delete(nodeId);
    }
  }

  private async clearAway(nodeId: string, epoch: number): Promise<boolean> {
    const { scripts, keys, ttlMs } = this.context;
    try {
      await this.clearRosters(nodeId, epoch);
      const appIds = await this.clearConnections(nodeId, epoch);
      await this.clearOwn(nodeId, epoch, appIds);
    } catch (error) {
      if (error instanceof NoTaskError) return false;
      throw error;
    }
    return (await scripts.bury(keys.registry, nodeId, epoch, ttlMs)) === 1;
  }

  private async clearRosters(nodeId: string, epoch: number): Promise<void> {
    const { rosters } = this.context.keys.node(nodeId);
    for await (const names of this.pagesOf(rosters)) {
      await this.keepTask(nodeId);
      await Promise.all(names.map((name) => this.clearRoster(name, nodeId, epoch)));
      await this.context.link.commands.srem(rosters, ...names);
    }
  }

  private async clearRoster(text: string, nodeId: string, epoch: number): Promise<void> {
    const { scripts, keys, ttlMs, listener } = this.context;
    const name = readRosterName(text);
    const { appId, channel } = name;
    const { state, members, holders, leaving, own } = keys.roster(name);
    const rosterKeys = [state, members, holders, own(nodeId)];
    if (isGraced(name)) rosterKeys.push(leaving);
    for (let more = 1; more === 1;) {
      const answer = await scripts.reapRoster(rosterKeys, nodeId, epoch, ttlMs, USERS_PER_SCRIPT);
      const [version, , users] = answer;
      const left = users.map(fromExactText);
      if (channel === undefined || isGraced(name)) this.adopt(appId);
      else if (left.length > 0) {
        listener?.onMembersChanged({ appId, channel, version, left, joined: [] });
      }
      more = answer[1];
      if (more === 1) await this.keepTask(nodeId);
    }
  }

  private async clearConnections(nodeId: string, epoch: number): Promise<readonly string[]> {
    const { scripts, keys } = this.context;
    const all: string[] = [];
    for await (const appIds of this.pagesOf(keys.node(nodeId).applications)) {
      await this.keepTask(nodeId);
      const cleared = appIds.map((appId) => {
        this.adopt(appId);
        return scripts.forgetConnections([keys.connections(appId)], nodeId, epoch);
      });
      await Promise.all(cleared);
      all.push(...appIds);
    }
    return all;
  }

  /** The graces of the node are somebody else's now. */
  private adopt(appId: string): void {
    for (const rosters of this.graced) rosters.adopt(appId);
  }

  private async clearOwn(nodeId: string, epoch: number, appIds: readonly string[]): Promise<void> {
    const { scripts, keys } = this.context;
    const nodeKeys = keys.node(nodeId);
    const others = appIds.map((appId) => nodeKeys.subscriptions(appId));
    others.push(nodeKeys.rosters, nodeKeys.applications);
    for (let start = 0; start < others.length; start += KEYS_PER_SCRIPT) {
      const some = others.slice(start, start + KEYS_PER_SCRIPT);
      const isDone = await scripts.clearNode([nodeKeys.epoch, ...some], epoch);
      if (isDone === 0) throw new NoTaskError();
    }
  }

  private async keepTask(nodeId: string): Promise<void> {
    const { scripts, keys, heartbeatMs } = this.context;
    const isTask = await scripts.keepTask(keys.registry, nodeId, heartbeatMs * 2);
    if (isTask === 0) throw new NoTaskError();
  }

  private async *pagesOf(key: string): AsyncIterableIterator<readonly string[]> {
    let cursor = '0';
    do {
      const { commands } = this.context.link;
      const [next, page] = await commands.sscan(key, cursor, 'COUNT', PAGE_SIZE);
      if (page.length > 0) yield page;
      cursor = next;
    } while (cursor !== '0');
  }
}
