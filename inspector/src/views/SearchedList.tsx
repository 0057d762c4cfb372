import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { ask } from '../api/api.js';
import { countOf, formatCount } from '../format/format.js';
import type { Column } from '../lists/column.js';
import { SortedGrid } from '../lists/SortedGrid.js';
import type { Sorting } from '../lists/sorting.js';
import { PollStatus } from '../parts/PollStatus.js';
import { SearchField } from '../parts/SearchField.js';
import { useDebounced } from '../parts/use-debounced.js';
import { usePoll } from '../state/polling.js';

const INTERVAL_MS = 2000;

/** What is listed: all that an application has of something, or what is looked for. */
interface SearchedListProps<Answer extends { readonly total: number }, Row> {
  readonly appId: string;
  /** The heading; in small letters, what is asked for. */
  readonly title: string;
  /** What one of them is called. */
  readonly noun: string;
  readonly search: Signal<string>;
  readonly placeholder: string;
  readonly class?: string;
  readonly columns: readonly Column<Row>[];
  readonly initial: Sorting;
  readonly rowsOf: (answer: Answer) => readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly onOpen: (row: Row) => void;
  /** Stands in the place of an empty list. */
  readonly emptyOf: (isSearch: boolean) => ComponentChildren;
}

/** A list that the server searches, asked for again and again while it is seen. */
export function SearchedList<Answer extends { readonly total: number }, Row>(
  props: SearchedListProps<Answer, Row>,
) {
  const { appId, title, noun, search, rowsOf } = props;
  const asked = useDebounced(search.value.trim());
  const poll = usePoll(
    `${appId} ${asked}`,
    INTERVAL_MS,
    (abort) =>
      ask<Answer & { readonly isPartial: boolean }>(['apps', appId, title.toLowerCase()], {
        query: asked === '' ? {} : { search: asked },
        signal: abort,
      }),
    true,
  );
  const { answer } = poll;
  const rows = answer === undefined ? [] : rowsOf(answer);
  return (
    <>
      <div class="page-head">
        <h1>{title}</h1>
        <SearchField
          label="Search"
          value={search.value}
          placeholder={props.placeholder}
          onChange={(value) => (search.value = value)}
        />
        {answer !== undefined && (
          <span class="muted">{totalWords(answer.total, rows.length, noun)}</span>
        )}
      </div>
      <PollStatus poll={poll} />
      {answer !== undefined && rows.length === 0 ? (
        props.emptyOf(asked !== '')
      ) : (
        <SortedGrid
          label={title}
          {...(props.class !== undefined && { class: props.class })}
          rows={rows}
          columns={props.columns}
          keyOf={props.keyOf}
          initial={props.initial}
          onOpen={props.onOpen}
        />
      )}
    </>
  );
}

function totalWords(total: number, listed: number, noun: string): string {
  const words = countOf(total, noun);
  return total > listed ? `${words}, of which ${formatCount(listed)} are listed` : words;
}
