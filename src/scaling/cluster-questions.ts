import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { AnswerGathering, type NodeAnswer } from './answer-gathering.js';
import type { Awaitable } from './awaitable.js';
import type { AnswerMessage, AskMessage } from './cluster-message.js';
import { ClusterService } from './cluster.service.js';

/** Answers a question. What it throws is logged, and is no answer; nor is undefined. */
export type QuestionHandler = (content: unknown) => Awaitable<unknown>;

/** What became of a question. */
export interface ClusterAnswers {
  /** In the order they came. */
  readonly answers: readonly NodeAnswer[];
  /** Nodes that hold a lease, as far as is known, and have not answered. */
  readonly silent: readonly string[];
  /** Some are silent, or the others cannot be reached. */
  readonly isPartial: boolean;
}

/**
 * Asks all live nodes something, this one among them, and answers what others ask. Questions and
 * answers are JSON; whoever reads one cannot know who wrote it, and has to look at what it is.
 */
@Injectable()
export class ClusterQuestions implements OnModuleDestroy {
  private readonly logger = new Logger(ClusterQuestions.name);
  private readonly handlers = new Map<string, QuestionHandler>();
  private readonly open = new Map<string, AnswerGathering>();

  constructor(private readonly cluster: ClusterService) {
    cluster.listen({
      onAsk: (message) => void this.answerOther(message),
      onAnswer: (message) => this.take(message),
    });
  }

  onModuleDestroy(): void {
    for (const gathering of this.open.values()) gathering.conclude();
  }

  /**
   * Says who answers on a subject on this node: at once, or soon, as nobody waits longer than a second.
   * @throws Error when somebody does already
   */
  answer(subject: string, handler: QuestionHandler): void {
    if (this.handlers.has(subject)) throw new Error(`"${subject}" is answered already.`);
    this.handlers.set(subject, handler);
  }

  /**
   * Asks this node and all others that are alive; this one alone while they cannot be reached. Waits
   * a second at most, and never rejects. A node on which nobody answers on the subject is silent.
   */
  ask(subject: string, content: unknown = null): Promise<ClusterAnswers> {
    return this.askNodes(this.cluster.nodes, subject, content);
  }

  /** The same, but also asks those that are about to stop: for what has to reach all connections. */
  askAlsoLeaving(subject: string, content: unknown = null): Promise<ClusterAnswers> {
    const { nodes, leavingNodes } = this.cluster;
    return this.askNodes([...nodes, ...leavingNodes], subject, content);
  }

  private async askNodes(
    nodes: readonly string[],
    subject: string,
    content: unknown,
  ): Promise<ClusterAnswers> {
    const { nodeId, status } = this.cluster;
    const gathering = new AnswerGathering([nodeId, ...nodes]);
    const questionId = randomUUID();
    this.open.set(questionId, gathering);
    for (const other of nodes) {
      if (other === nodeId) continue;
      if (status === 'down') gathering.expectNothingOf(other);
      else this.cluster.tell(other, { type: 'ask', questionId, askedBy: nodeId, subject, content });
    }
    void this.askHere(subject, content, gathering);
    await gathering.ended;
    this.open.delete(questionId);
    const { silent } = gathering;
    // A copy: this node may still be about to answer.
    const answers = [...gathering.answers];
    return { answers, silent, isPartial: status === 'down' || silent.length > 0 };
  }

  private async askHere(
    subject: string,
    content: unknown,
    gathering: AnswerGathering,
  ): Promise<void> {
    const { nodeId } = this.cluster;
    const answer = await this.answerOf(subject, content);
    if (answer === undefined) gathering.expectNothingOf(nodeId);
    else gathering.take(nodeId, answer);
  }

  private async answerOther({ questionId, askedBy, subject, content }: AskMessage): Promise<void> {
    const answer = await this.answerOf(subject, content);
    if (answer === undefined) return;
    const { nodeId } = this.cluster;
    this.cluster.tell(askedBy, { type: 'answer', questionId, nodeId, content: answer });
  }

  private async answerOf(subject: string, content: unknown): Promise<unknown> {
    try {
      return await this.handlers.get(subject)?.(content);
    } catch (error) {
      this.logger.error(`A question about "${subject}" could not be answered`, error);
      return undefined;
    }
  }

  private take({ questionId, nodeId, content }: AnswerMessage): void {
    this.open.get(questionId)?.take(nodeId, content);
  }
}
