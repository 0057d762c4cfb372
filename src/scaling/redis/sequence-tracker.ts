/** How many nodes are remembered at most, dead ones and inventions of foreign publishers among them. */
const MAX_ORIGINS = 1000;

/** `after-gap`: new, but something that the origin sent before did not arrive. */
export type Arrival = 'new' | 'after-gap' | 'duplicate';

/** What a node sent here, as far as it matters. */
interface Origin {
  /** By topic, the highest number that arrived. */
  readonly last: Map<string, number>;
  isSilent: boolean;
}

/**
 * Tells messages that are new from those that were here before, by the numbers that each node gives
 * to its messages. Of one node and one topic they arrive in order, so what is not higher is old.
 */
export class SequenceTracker {
  private readonly origins = new Map<string, Origin>();

  constructor(private readonly maxOrigins = MAX_ORIGINS) {}

  /** A message arrived. */
  arrive(originId: string, topic: string, sequence: number, previous: number): Arrival {
    const origin = this.origins.get(originId) ?? this.meet(originId);
    origin.isSilent = false;
    const last = origin.last.get(topic);
    if (last !== undefined && sequence <= last) return 'duplicate';
    origin.last.set(topic, sequence);
    return last !== undefined && previous > last ? 'after-gap' : 'new';
  }

  /** Nothing of a topic is wanted any more. */
  forgetTopic(topic: string): void {
    for (const { last } of this.origins.values()) last.delete(topic);
  }

  /** Forgets the nodes that sent nothing since the call before, unless they are alive. */
  forgetSilent(isAlive: (originId: string) => boolean): void {
    for (const [originId, origin] of this.origins) {
      if (origin.isSilent && !isAlive(originId)) this.origins.delete(originId);
      origin.isSilent = true;
    }
  }

  private meet(originId: string): Origin {
    if (this.origins.size >= this.maxOrigins) {
      const [oldest] = this.origins.keys();
      if (oldest !== undefined) this.origins.delete(oldest);
    }
    const origin = { last: new Map<string, number>(), isSilent: false };
    this.origins.set(originId, origin);
    return origin;
  }
}
