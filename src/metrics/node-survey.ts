import { Injectable } from '@nestjs/common';
import { ClusterQuestions } from '../scaling/cluster-questions.js';
import { readNodeFigures, type NodeFigures, type OwnFigures } from './node-figures.js';

/** What the nodes of a cluster told of themselves. */
export interface SurveyResult {
  readonly nodes: readonly NodeFigures[];
  /** Some did not answer in time, or cannot be reached. */
  readonly isPartial: boolean;
}

const SUBJECT = 'figures';

/** Asks all live nodes for their figures, and answers when others ask. */
@Injectable()
export class NodeSurvey {
  private describe: (() => OwnFigures) | undefined;

  constructor(private readonly questions: ClusterQuestions) {
    questions.answer(SUBJECT, () => this.describe?.());
  }

  /** What this node tells of itself; undefined until somebody knows it. */
  own(): OwnFigures | undefined {
    return this.describe?.();
  }

  /** Says who knows this node's own figures. */
  describeBy(describe: () => OwnFigures): void {
    this.describe = describe;
  }

  /** Asks only nodes that are alive, and waits a second at most. */
  async ask(): Promise<SurveyResult> {
    const { answers, isPartial } = await this.questions.ask(SUBJECT);
    const read = answers.map(({ nodeId, content }) => readNodeFigures(nodeId, content));
    const nodes = read.filter((figures) => figures !== undefined);
    return { nodes, isPartial: isPartial || nodes.length < answers.length };
  }
}
