import { isEmptyFilter } from '../../feed/watch-filter.js';
import { NO_FILTER } from '../../feed/watch-filter.js';
import { EmptyState } from '../../parts/EmptyState.js';
import { SampleCode } from '../../parts/SampleCode.js';
import { applications } from '../../state/applications.js';
import { tailFields, tailSearch } from '../../records/tail.js';

/** What to do while nothing is shown. */
export function EmptyTail() {
  const isFiltered = !isEmptyFilter(tailFields.value) || tailSearch.value.trim() !== '';
  const hasConnections = applications.value.applications.some(({ connections }) => connections > 0);
  if (isFiltered) {
    return (
      <EmptyState title="Nothing matches yet">
        <p>
          What matches is shown as soon as it happens. A filter asks for what comes from now on.
        </p>
        <button
          type="button"
          onClick={() => {
            tailFields.value = NO_FILTER;
            tailSearch.value = '';
          }}
        >
          Show everything
        </button>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="Waiting for something to happen">
      <p>
        Connects, subscriptions, publishes and refusals appear here the moment they happen.{' '}
        <a href="#/publish">Publish an event</a> to see one.
      </p>
      {!hasConnections && <SampleCode />}
    </EmptyState>
  );
}
