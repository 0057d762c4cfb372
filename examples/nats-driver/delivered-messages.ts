/** Nodes that are remembered. */
const MAX_ORIGINS = 1000;

/**
 * Tells messages that come for the first time from those that were sent again. A sequence grows over
 * all topics of its node, and NATS keeps the order of each node.
 */
export class DeliveredMessages {
  /** The last sequence of each node, this one among them; who was heard of last comes last. */
  private readonly sequences = new Map<string, number>();

  /** @returns whether the message is new */
  add(origin: string, sequence: number): boolean {
    if (sequence <= (this.sequences.get(origin) ?? 0)) return false;
    this.sequences.delete(origin);
    this.sequences.set(origin, sequence);
    const [longestSilent] = this.sequences.keys();
    if (this.sequences.size > MAX_ORIGINS) this.sequences.delete(longestSilent!);
    return true;
  }
}
