/** A question that is under way. */
export interface OpenQuestion {
  readonly settle: (answer: unknown) => void;
  /** What to go on with should there never be an answer. */
  readonly ifLost: unknown;
}

/** What is answered already is not let go of one by one. */
const COMPACT_FROM = 1024;

/** Questions that are answered in the order they were asked. */
export class OpenQuestions {
  private questions: OpenQuestion[] = [];
  private answered = 0;

  /** How many there are. */
  get size(): number {
    return this.questions.length - this.answered;
  }

  add(question: OpenQuestion): void {
    this.questions.push(question);
  }

  /** Answers the oldest. */
  answer(answer: unknown): void {
    const question = this.questions[this.answered];
    if (question === undefined) return;
    this.answered += 1;
    this.compact();
    question.settle(answer);
  }

  /** There will be no answers. */
  giveUp(): void {
    const open = this.questions.slice(this.answered);
    this.questions = [];
    this.answered = 0;
    for (const { settle, ifLost } of open) settle(ifLost);
  }

  private compact(): void {
    const { length } = this.questions;
    const isDue = this.answered >= COMPACT_FROM && this.answered >= length / 2;
    if (this.answered < length && !isDue) return;
    this.questions = this.questions.slice(this.answered);
    this.answered = 0;
  }
}
