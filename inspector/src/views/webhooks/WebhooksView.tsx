import { ask } from '../../api/api.js';
import { formatCount } from '../../format/format.js';
import { EmptyState } from '../../parts/EmptyState.js';
import { Facts } from '../../parts/Facts.js';
import { PollStatus } from '../../parts/PollStatus.js';
import { usePoll } from '../../state/polling.js';
import type { WebhookOverview } from '../../contract.js';
import { DeadLetters } from './DeadLetters.js';

const INTERVAL_MS = 3000;

/** What became of the webhooks of an application. */
export function WebhooksView({ appId }: { readonly appId: string }) {
  const poll = usePoll(appId, INTERVAL_MS, (signal) =>
    ask<WebhookOverview>(['apps', appId, 'webhooks'], { signal }),
  );
  const { answer } = poll;
  const isUnused = answer?.endpoints.length === 0 && answer.dead.length === 0;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Webhooks</h1>
        <span class="muted">Counted over all applications and nodes since they started.</span>
      </div>
      <PollStatus poll={poll} />
      {answer !== undefined && (
        <Facts
          facts={[
            ['Delivered', formatCount(answer.delivered)],
            ['Failed', formatCount(answer.failed)],
            ['Retried', formatCount(answer.retried)],
            ['Waiting', formatCount(answer.waiting)],
            ['Endpoints', answer.endpoints.join(', ')],
          ]}
        />
      )}
      {isUnused && (
        <EmptyState title="No webhook is configured">
          <p>
            Give the application {appId} an endpoint, and what happens on its channels is posted
            there. See “Webhooks” in the documentation of the configuration.
          </p>
        </EmptyState>
      )}
      {answer !== undefined && !isUnused && (
        <DeadLetters appId={appId} dead={answer.dead} whenDone={poll.refresh} />
      )}
    </div>
  );
}
