import type { Awaitable } from '../awaitable.js';
import { Batch } from './batch.js';
import type { Membership } from './membership.js';
import { Rotation } from './rotation.js';
import type { StoreContext } from './store-context.js';

/** A connection that wants in. */
interface Opening {
  readonly socketId: string;
  readonly limit: number;
  readonly settle: (isIn: boolean) => void;
}

/** The connections of one application on this node, as far as Redis does not know them yet. */
interface Door {
  readonly appId: string;
  openings: Opening[];
  /** Redis has another number. */
  isStale: boolean;
  /** Somebody was let in by a limit: others may wait for room. */
  hasLimit: boolean;
  sending: Promise<void> | undefined;
}

/**
 * How many connections an application has. One with a limit is let in by Redis; without, Redis is
 * told a moment later. For each application one script at a time, with all that has come meanwhile.
 */
export class ConnectionCounts {
  private readonly doors = new Map<string, Door>();
  private readonly rotation: Rotation<Door>;
  private readonly batch = new Batch(() => this.flush());

  constructor(
    private readonly context: StoreContext,
    private readonly membership: Membership,
  ) {
    this.rotation = new Rotation(context, () => this.doors.values());
  }

  /** See StateStore. */
  open(appId: string, socketId: string, limit: number | null): Awaitable<boolean> {
    const { connections } = this.context.mirror.get(appId);
    const door = this.doorOf(appId);
    if (limit === null || !this.context.isUp) {
      if (limit !== null && connections.size >= limit) return false;
      connections.add(socketId);
      this.changed(door);
      return true;
    }
    door.hasLimit = true;
    return new Promise((settle) => {
      door.openings.push({ socketId, limit, settle });
      void this.send(door);
    });
  }

  /** See StateStore. Who gives its place to others waits until it can be had. */
  close(appId: string, socketId: string): Awaitable<void> {
    if (!this.context.mirror.get(appId).connections.delete(socketId)) return;
    const door = this.doorOf(appId);
    this.changed(door);
    if (door.hasLimit && this.context.isUp) return this.send(door);
  }

  /** See StateStore. */
  count(appId: string): Awaitable<number> {
    const { connections } = this.context.mirror.get(appId);
    if (!this.context.isUp) return connections.size;
    return this.context
      .attempt(() => this.countOthers(appId))
      .then((others = 0) => connections.size + others);
  }

  /** Tells Redis what it does not know yet. */
  flush(): void {
    this.batch.cancel();
    if (!this.context.isUp) return;
    for (const door of this.doors.values()) if (door.isStale) void this.send(door);
  }

  /** @throws when Redis cannot be asked */
  async restore(): Promise<void> {
    await Promise.all(
      Array.from(this.doors.values(), async (door) => {
        await door.sending;
        door.isStale = false;
        await this.ask(door, []);
      }),
    );
  }

  /** Renews some of what would expire, and tries again what was refused. */
  tend(): void {
    for (const door of this.rotation.next(this.doors.size)) door.isStale = true;
    this.flush();
  }

  private async countOthers(appId: string): Promise<number> {
    const [peers, counts] = await Promise.all([
      this.membership.readPeers(),
      this.context.link.commands.hgetall(this.context.keys.connections(appId)),
    ]);
    return peers.reduce((sum, nodeId) => sum + countIn(counts[nodeId]), 0);
  }

  private changed(door: Door): void {
    door.isStale = true;
    this.batch.request();
  }

  /** Resolves when Redis knows what is to be told now. */
  private async send(door: Door): Promise<void> {
    if (door.sending !== undefined) await door.sending;
    // What was begun meanwhile has it with it.
    if (door.sending !== undefined) return door.sending;
    if (!this.context.isUp) return this.decideAlone(door, door.openings.splice(0));
    if (door.openings.length === 0 && !door.isStale) return;
    await (door.sending = this.sendAll(door));
  }

  private async sendAll(door: Door): Promise<void> {
    const openings = door.openings.splice(0);
    door.isStale = false;
    const answers = await this.context.attempt(() => this.ask(door, openings));
    door.sending = undefined;
    if (answers === undefined) return this.decideAlone(door, openings);
    const { connections } = this.context.mirror.get(door.appId);
    for (const [i, { socketId, settle }] of openings.entries()) {
      if (answers[i] === 1) connections.add(socketId);
      settle(answers[i] === 1);
    }
  }

  private async ask(door: Door, some: readonly Opening[]): Promise<readonly number[]> {
    const { scripts, keys, nodeId, epoch, ttlMs, mirror } = this.context;
    const enlisting = this.context.enlistApplication(door.appId);
    if (enlisting !== undefined) await enlisting;
    const count = mirror.get(door.appId).connections.size;
    const limits = some.map(({ limit }) => limit);
    const key = keys.connections(door.appId);
    return scripts.openConnections([key], nodeId, epoch, ttlMs, count, ...limits);
  }

  /** Redis cannot be asked: it is told when it can. */
  private decideAlone(door: Door, some: readonly Opening[]): void {
    const { connections } = this.context.mirror.get(door.appId);
    for (const { socketId, limit, settle } of some) {
      const isIn = connections.size < limit;
      if (isIn) connections.add(socketId);
      settle(isIn);
    }
    door.isStale = true;
  }

  private doorOf(appId: string): Door {
    let door = this.doors.get(appId);
    if (door === undefined) {
      door = { appId, openings: [], isStale: false, hasLimit: false, sending: undefined };
      this.doors.set(appId, door);
    }
    return door;
  }
}

/** What stands behind the epoch. */
const countIn = (text = ':0') => Number(text.slice(text.indexOf(':') + 1));
