import type { Poll } from '../state/polling.js';
import { Notice } from './Notice.js';

/** What is to be said of a poll: that it failed, is partial, or has no answer yet. */
export function PollStatus({ poll }: { readonly poll: Poll<object> }) {
  const { answer, failure } = poll;
  if (failure !== undefined) {
    return (
      <Notice tone="bad">
        {failure} {answer === undefined ? 'It is tried again.' : 'What you see is the last answer.'}
      </Notice>
    );
  }
  if (answer !== undefined && 'isPartial' in answer && answer.isPartial === true) {
    return <Notice>Partial: some nodes did not answer, so there may be more.</Notice>;
  }
  return answer === undefined ? (
    <p class="loading" role="status">
      Loading …
    </p>
  ) : null;
}
