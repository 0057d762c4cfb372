import { Injectable } from '@nestjs/common';
import { ClusterQuestions, type ClusterAnswers } from '../../scaling/cluster-questions.js';
import type { ActionResult } from '../contract.js';
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
    return this.read(await this.questions.ask(fullSubject(subject), content));
  }

  /** The same, but also reaches nodes that are about to stop. */
  async act<S extends 'disconnect' | 'unsubscribe'>(
    subject: S,
    content: Questions[S][0],
  ): Promise<ActionResult> {
    const told = await this.questions.askAlsoLeaving(fullSubject(subject), content);
    const { answers, isPartial } = this.read<Questions[S][1]>(told);
    return {
      affected: answers.reduce((sum, answer) => sum + answer.content.affected, 0),
      isPartial,
    };
  }

  private read<A>({ answers, silent, isPartial }: ClusterAnswers): Gathered<A> {
    const read = answers.filter(({ content: answer }) => typeof answer === 'object');
    return {
      answers: read as Gathered<A>['answers'],
      silent,
      isPartial: isPartial || read.length < answers.length,
    };
  }
}
