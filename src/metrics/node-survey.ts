import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { AnswerMessage, AskMessage, NodeFigures } from '../scaling/cluster-message.js';
import { ClusterService } from '../scaling/cluster.service.js';

/** What a node knows of itself besides its name. */
export type OwnFigures = Omit<NodeFigures, 'nodeId'>;

/** What the nodes of a cluster told of themselves. */
export interface SurveyResult {
  readonly nodes: readonly NodeFigures[];
  /** Some did not answer in time, or cannot be reached. */
  readonly isPartial: boolean;
}

/** How long a node has to answer. */
const DEADLINE_MS = 1000;

/** A question that not all have answered. */
interface Question {
  readonly waitsFor: Set<string>;
  readonly answers: NodeFigures[];
  readonly conclude: () => void;
}

/** Asks all live nodes for their figures, and answers when others ask. */
@Injectable()
export class NodeSurvey implements OnModuleDestroy {
  private readonly questions = new Map<string, Question>();
  private describe: (() => OwnFigures) | undefined;

  constructor(private readonly cluster: ClusterService) {
    cluster.listen({
      onAsk: (message) => this.answer(message),
      onAnswer: (message) => this.take(message),
    });
  }

  onModuleDestroy(): void {
    for (const question of this.questions.values()) question.conclude();
  }

  /** Says who knows this node's own figures. */
  describeBy(describe: () => OwnFigures): void {
    this.describe = describe;
  }

  /** Asks only nodes that are alive, and waits a second at most. */
  async ask(): Promise<SurveyResult> {
    const own = this.ownFigures();
    const answers: NodeFigures[] = own === undefined ? [] : [own];
    if (this.cluster.status === 'down') return { nodes: answers, isPartial: true };
    const { nodeId } = this.cluster;
    const waitsFor = new Set(this.cluster.nodes);
    waitsFor.delete(nodeId);
    if (waitsFor.size > 0) await this.askOthers(waitsFor, answers);
    return { nodes: answers, isPartial: waitsFor.size > 0 };
  }

  private async askOthers(waitsFor: Set<string>, answers: NodeFigures[]): Promise<void> {
    const questionId = randomUUID();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, DEADLINE_MS);
      const conclude = () => {
        clearTimeout(timer);
        resolve();
      };
      this.questions.set(questionId, { waitsFor, answers, conclude });
      const question: AskMessage = { type: 'ask', questionId, askedBy: this.cluster.nodeId };
      for (const nodeId of waitsFor) this.cluster.tell(nodeId, question);
    });
    this.questions.delete(questionId);
  }

  private answer({ questionId, askedBy }: AskMessage): void {
    const figures = this.ownFigures();
    if (figures !== undefined) this.cluster.tell(askedBy, { type: 'answer', questionId, figures });
  }

  private take({ questionId, figures }: AnswerMessage): void {
    const question = this.questions.get(questionId);
    if (question === undefined || !question.waitsFor.delete(figures.nodeId)) return;
    question.answers.push(figures);
    if (question.waitsFor.size === 0) question.conclude();
  }

  private ownFigures(): NodeFigures | undefined {
    return this.describe && { nodeId: this.cluster.nodeId, ...this.describe() };
  }
}
