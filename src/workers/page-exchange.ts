/** What takes part: a worker, as far as pages are concerned. */
export interface PageSource {
  readonly number: number;
  /** It serves, and is not about to go. */
  readonly isServing: boolean;
  tell(
    message:
      | { readonly type: 'page-wanted'; readonly askId: number }
      | { readonly type: 'pages'; readonly askId: number; readonly pages: readonly string[] },
  ): void;
}

/** How long a worker has to answer: one that is busy or paused must not hold up the page of all. */
const DEADLINE_MS = 1000;

/** What one worker wants to know of the others. */
interface Round {
  readonly waitsFor: Set<PageSource>;
  readonly pages: string[];
  readonly conclude: () => void;
}

/** Brings the metrics pages of all workers to the one that was asked for its page. */
export class PageExchange {
  private readonly rounds = new Map<number, Round>();
  private lastAskId = 0;

  /** @param workers all of them, now */
  constructor(private readonly workers: () => Iterable<PageSource>) {}

  /**
   * A worker wants the pages of the others. Of two with one number, as there are while one is replaced,
   * only one may stand on a page.
   * @param itsAskId what the worker calls its question
   */
  ask(asker: PageSource, itsAskId: number): void {
    const others = [...this.workers()].filter(
      ({ number, isServing }) => isServing && number !== asker.number,
    );
    const askId = (this.lastAskId += 1);
    const pages: string[] = [];
    const conclude = () => {
      clearTimeout(timer);
      this.rounds.delete(askId);
      asker.tell({ type: 'pages', askId: itsAskId, pages });
    };
    const timer = setTimeout(conclude, DEADLINE_MS);
    if (others.length === 0) return conclude();
    this.rounds.set(askId, { waitsFor: new Set(others), pages, conclude });
    for (const other of others) other.tell({ type: 'page-wanted', askId });
  }

  /** A worker has answered; too late, perhaps. */
  take(worker: PageSource, askId: number, page: string): void {
    const round = this.rounds.get(askId);
    if (round === undefined || !round.waitsFor.delete(worker)) return;
    round.pages.push(page);
    if (round.waitsFor.size === 0) round.conclude();
  }

  /** A worker is gone, and answers no more. */
  forget(worker: PageSource): void {
    for (const round of this.rounds.values()) {
      if (round.waitsFor.delete(worker) && round.waitsFor.size === 0) round.conclude();
    }
  }
}
