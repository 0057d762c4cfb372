import { Injectable } from '@nestjs/common';
import { ClusterQuestions } from '../../scaling/cluster-questions.js';
import { fullSubject, type Questions, type Subject } from './question.js';

/** What all nodes that answered said. */
export interface Gathered<A> {
  readonly answers: readonly {
    readonly nodeId: string;
    readonly content: A;
    readonly tookMs: number;
  }[];
  /** Hold a lease, and have not answered. */
  readonly silent: readonly string[];
  readonly isPartial: boolean;
}

/** Asks all nodes for the page of an inspector. */
@Injectable()
export class ClusterInspection {
  constructor(private readonly questions: ClusterQuestions) {}

  /**
   * Takes a second at most. Only nodes can answer, and what they say is taken for what it is to be: a
   * page that is shown nonsense by a node of another version shows nonsense.
   */
  async ask<S extends Subject>(
    subject: S,
    content: Questions[S][0],
  ): Promise<Gathered<Questions[S][1]>> {
    const { answers, silent, isPartial } = await this.questions.ask(fullSubject(subject), content);
    const read = answers.filter(({ content: answer }) => typeof answer === 'object');
    return {
      answers: read as Gathered<Questions[S][1]>['answers'],
      silent,
      isPartial: isPartial || read.length < answers.length,
    };
  }
}
