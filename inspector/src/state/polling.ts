import { useEffect, useState } from 'preact/hooks';
import { wordsOf } from '../api/api-failure.js';
import { pauseMsAfter } from './poll-pause.js';
import { lastSignedIn, session } from './session.js';

/** What a poll knows. */
export interface Poll<Answer> {
  /** The last good answer, of the same question. */
  readonly answer: Answer | undefined;
  /** Why the last question got none. */
  readonly failure: string | undefined;
  /** Asks at once. */
  readonly refresh: () => void;
}

/**
 * Asks again and again while the component is there and the page is seen; never twice at a time, and
 * less often when answers take long.
 * `question` says what is asked: when it changes, the answer is forgotten unless `keeps`.
 */
export function usePoll<Answer>(
  question: string,
  intervalMs: number,
  load: (signal: AbortSignal) => Promise<Answer>,
  keeps = false,
): Poll<Answer> {
  const [state, setState] = useState<{ question: string; answer?: Answer; failure?: string }>({
    question,
  });
  const [round, setRound] = useState(0);
  const isSignedIn = session.value?.isSignedIn === true && lastSignedIn.value !== undefined;
  useEffect(() => {
    if (!isSignedIn) {
      return undefined;
    }
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      const startMs = performance.now();
      if (!document.hidden) {
        try {
          const answer = await load(abort.signal);
          if (!abort.signal.aborted) {
            setState({ question, answer });
          }
        } catch (error) {
          if (!abort.signal.aborted) {
            const failure = wordsOf(error);
            setState((last) =>
              keeps || last.question === question
                ? { ...last, question, failure }
                : { question, failure },
            );
          }
        }
      }
      if (!abort.signal.aborted) {
        const tookMs = performance.now() - startMs;
        timer = setTimeout(() => void ask(), pauseMsAfter(tookMs, intervalMs));
      }
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [question, intervalMs, round, isSignedIn]);
  const isSame = keeps || state.question === question;
  return {
    answer: isSame ? state.answer : undefined,
    failure: isSame ? state.failure : undefined,
    refresh: () => setRound((last) => last + 1),
  };
}
