import { useState } from 'preact/hooks';
import { ask } from '../../api/api.js';
import { wordsOf } from '../../api/api-failure.js';
import { countOf } from '../../format/format.js';
import {
  channelNamesOf,
  EMPTY_DRAFT,
  eventsOf,
  faultsOf,
  refusalOf,
  type DraftFaults,
  type EventDraft,
  type Refusal,
} from '../../publish/draft.js';
import { confirm } from '../../state/confirmation.js';
import { DraftForm } from './DraftForm.js';
import { History } from './History.js';
import { changeDraft, drafts, rememberPublished } from './publish-state.js';

function faultsBy({ index, field, words }: Refusal, count: number): DraftFaults[] {
  return Array.from({ length: count }, (_, at) =>
    at === index && field !== undefined ? { [field]: words } : {},
  );
}

/** What is typed anew is found fault with when it is sent again. */
function withoutFaults(
  faults: readonly DraftFaults[],
  index: number,
  change: Partial<EventDraft>,
): DraftFaults[] {
  return faults.map((ofEvent, at) =>
    at === index
      ? Object.fromEntries(Object.entries(ofEvent).filter(([field]) => !(field in change)))
      : ofEvent,
  );
}

function questionOf(appId: string): string {
  const channels = [...new Set(drafts.value.flatMap((draft) => channelNamesOf(draft.channels)))];
  const events = countOf(drafts.value.length, 'event');
  return `${events} will be sent to all subscribers of ${channels.join(', ')} in application ${appId}, as if your own server had published.`;
}

/** Publishes events by hand. */
export function PublishView({ appId }: { readonly appId: string }) {
  const [faults, setFaults] = useState<readonly DraftFaults[]>([]);
  const [refusal, setRefusal] = useState('');
  const publish = async (): Promise<string> => {
    const sent = drafts.value;
    try {
      await ask(['apps', appId, 'events'], { method: 'POST', body: eventsOf(sent) });
    } catch (error) {
      const refused = refusalOf(wordsOf(error));
      setFaults(faultsBy(refused, sent.length));
      setRefusal(
        sent.length > 1 && refused.field !== undefined
          ? `Event ${refused.index + 1}: ${refused.words}`
          : refused.words,
      );
      throw new Error(refused.words, { cause: error });
    }
    rememberPublished(appId, sent);
    return `${countOf(sent.length, 'event')} published.`;
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const found = drafts.value.map(faultsOf);
    setFaults(found);
    setRefusal('');
    if (found.some((one) => Object.keys(one).length > 0)) {
      setRefusal('Mend what is marked, then publish.');
      return;
    }
    confirm({ title: 'Publish', text: questionOf(appId), verb: 'Publish', act: publish });
  };
  return (
    <div class="page">
      <div class="page-head">
        <h1>Publish</h1>
        <span class="muted">to application {appId}</span>
      </div>
      <form class="publish" onSubmit={submit} noValidate>
        {drafts.value.map((draft, index) => (
          <DraftForm
            key={index}
            index={index}
            draft={draft}
            faults={faults[index] ?? {}}
            onChange={(change) => {
              changeDraft(index, change);
              setFaults((last) => withoutFaults(last, index, change));
            }}
            onRemove={
              drafts.value.length === 1
                ? undefined
                : () => {
                    drafts.value = drafts.value.filter((_, at) => at !== index);
                    setFaults((last) => last.filter((_, at) => at !== index));
                    setRefusal('');
                  }
            }
          />
        ))}
        <div role="alert" class="fault">
          {refusal}
        </div>
        <div class="buttons">
          <button type="submit" class="primary">
            {drafts.value.length === 1 ? 'Publish' : `Publish ${drafts.value.length} events`}
          </button>
          <button type="button" onClick={() => (drafts.value = [...drafts.value, EMPTY_DRAFT])}>
            Add another event
          </button>
        </div>
      </form>
      <History
        onReuse={(entry) => {
          drafts.value = entry.drafts;
          setFaults([]);
          setRefusal('');
        }}
      />
    </div>
  );
}
