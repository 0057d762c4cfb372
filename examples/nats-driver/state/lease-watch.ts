/**
 * Tells who is dead: whoever has not given a sign of life for a number of this node's own. Nodes are
 * not judged by clocks, nor by the time in which this node itself saw nothing.
 */
export class LeaseWatch {
  private readonly known = new Map<string, { beat: number; missed: number }>();

  constructor(private readonly maxMissed: number) {}

  /** Looks at the last beats of all nodes, once for each beat of this one. @returns who is dead */
  observe(beats: ReadonlyMap<string, number>): readonly string[] {
    for (const nodeId of this.known.keys()) if (!beats.has(nodeId)) this.known.delete(nodeId);
    const dead: string[] = [];
    for (const [nodeId, beat] of beats) {
      const former = this.known.get(nodeId);
      const missed = former?.beat === beat ? former.missed + 1 : 0;
      this.known.set(nodeId, { beat, missed });
      if (missed >= this.maxMissed) dead.push(nodeId);
    }
    return dead;
  }

  /** Begins anew: nothing was seen for some time. */
  forget(): void {
    this.known.clear();
  }
}
