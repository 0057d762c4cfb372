/** What a node answered. */
export interface NodeAnswer {
  readonly nodeId: string;
  readonly content: unknown;
  /** From the question until it was here. */
  readonly tookMs: number;
}

/** How long a node has to answer. */
const DEADLINE_MS = 1000;

/** The answers to one question, while they come: one of each node that was asked, and none of others. */
export class AnswerGathering {
  readonly answers: NodeAnswer[] = [];
  /** Resolves when nobody is waited for any more. */
  readonly ended: Promise<void>;
  private readonly askedAtMs = performance.now();
  private readonly unanswered: Set<string>;
  private readonly waitsFor: Set<string>;
  private readonly timer: NodeJS.Timeout;
  private end!: () => void;

  constructor(nodeIds: readonly string[]) {
    this.unanswered = new Set(nodeIds);
    this.waitsFor = new Set(nodeIds);
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.timer = setTimeout(() => this.conclude(), DEADLINE_MS);
  }

  /** Those who have not answered. */
  get silent(): readonly string[] {
    return [...this.unanswered];
  }

  take(nodeId: string, content: unknown): void {
    if (!this.unanswered.delete(nodeId)) return;
    this.answers.push({ nodeId, content, tookMs: performance.now() - this.askedAtMs });
    this.expectNothingOf(nodeId);
  }

  /** A node will not answer. */
  expectNothingOf(nodeId: string): void {
    this.waitsFor.delete(nodeId);
    if (this.waitsFor.size === 0) this.conclude();
  }

  /** Waits no longer. */
  conclude(): void {
    clearTimeout(this.timer);
    this.end();
  }
}
