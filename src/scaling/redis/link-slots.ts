import { Command, type Cluster } from 'ioredis';

/** Which master of a Cluster serves what, as `host:port`, as far as is known. */
export class LinkSlots {
  private masterBySlot: readonly (string | undefined)[] = [];

  constructor(private readonly cluster: Cluster) {}

  /** Takes over what the client has learnt. @returns whether a slot has moved to another master */
  update(): boolean {
    const before = this.masterBySlot;
    this.masterBySlot = this.cluster.slots.map(([master]) => master);
    return before.length > 0 && this.masterBySlot.some((master, slot) => master !== before[slot]);
  }

  /** Those that serve slots. */
  masters(): Set<string> {
    return new Set(this.masterBySlot.filter((master) => master !== undefined));
  }

  /** @throws when nobody serves the slot of the topic */
  masterOf(topic: string): string {
    const master = this.masterBySlot[new Command('ssubscribe', [topic]).getSlot()];
    if (master === undefined) throw new Error('CLUSTERDOWN Hash slot not served');
    return master;
  }

  /** Asks the Cluster; what it says is taken over in the event `refresh`. */
  async refresh(): Promise<void> {
    await new Promise<void>((resolve) => this.cluster.refreshSlotsCache(() => resolve()));
  }
}
