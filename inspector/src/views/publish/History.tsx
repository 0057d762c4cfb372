import { formatClock } from '../../format/format.js';
import { published, type PublishedEntry } from './publish-state.js';

function wordsOf({ drafts: sent }: PublishedEntry): string {
  return sent.map(({ name, channels }) => `${name} → ${channels}`).join('; ');
}

/** What was published from this page: forgotten with it. */
export function History({ onReuse }: { readonly onReuse: (entry: PublishedEntry) => void }) {
  return (
    <section class="card" aria-labelledby="history-title">
      <h2 id="history-title">Sent from this page</h2>
      {published.value.length === 0 ? (
        <p class="muted">Nothing yet. What you publish is kept here until the page is closed.</p>
      ) : (
        <ol class="history">
          {published.value.map((entry) => (
            <li key={entry.id}>
              <time>{formatClock(entry.atMs)}</time>
              <span class="long-name">
                {wordsOf(entry)} <span class="muted">({entry.appId})</span>
              </span>
              <button type="button" onClick={() => onReuse(entry)}>
                Use again
              </button>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
