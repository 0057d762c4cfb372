/** How many topics are remembered at most, twice. */
const MAX_TOPICS = 20_000;

/** The number of a message, and of the one before it on its topic: 0 if that is not known any more. */
export interface SequenceNumbers {
  readonly sequence: number;
  readonly previous: number;
}

/** Numbers the messages of this node, so that those who get them see whether one is missing. */
export class SequenceCounter {
  private lastSequence = 0;
  private recent = new Map<string, number>();
  private former = new Map<string, number>();

  constructor(private readonly maxTopics = MAX_TOPICS) {}

  /** The number given last; 0 before the first. */
  get last(): number {
    return this.lastSequence;
  }

  /** The numbers of the next message. */
  next(topic: string): SequenceNumbers {
    const previous = this.recent.get(topic) ?? this.former.get(topic) ?? 0;
    const sequence = ++this.lastSequence;
    if (this.recent.size >= this.maxTopics && !this.recent.has(topic)) this.forgetIdle();
    this.recent.set(topic, sequence);
    return { sequence, previous };
  }

  /** Forgets the topics that had no message since the call before. */
  forgetIdle(): void {
    this.former = this.recent;
    this.recent = new Map();
  }
}
