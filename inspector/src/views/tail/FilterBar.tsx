import { MAX_FILTER_TEXT } from '../../../../src/inspector/limits.js';
import { useState } from 'preact/hooks';
import { isEmptyFilter, NO_FILTER, type FilterFields } from '../../feed/watch-filter.js';
import { SearchField } from '../../parts/SearchField.js';
import { useIsNarrow } from '../../parts/use-media.js';
import { refineTail, tailFields, tailSearch } from '../../records/tail.js';
import { KindChips } from './KindChips.js';

const FIELDS: readonly {
  readonly name: Exclude<keyof FilterFields, 'kinds'>;
  readonly label: string;
  readonly placeholder: string;
}[] = [
  { name: 'channel', label: 'Channel', placeholder: 'private-orders.*' },
  { name: 'event', label: 'Event', placeholder: 'order.*' },
  { name: 'userId', label: 'User', placeholder: 'user id' },
  { name: 'socketId', label: 'Socket', placeholder: '123.456' },
];

/** What the tail is asked for. On a narrow page it is folded away until it is wanted. */
export function FilterBar() {
  const isNarrow = useIsNarrow();
  const [isUnfolded, setUnfolded] = useState(false);
  const isFiltered = !isEmptyFilter(tailFields.value);
  const isShown = !isNarrow || isUnfolded;
  return (
    <section class="filters" aria-label="Filters">
      <div class="filter-fields">
        <SearchField
          label="Search"
          value={tailSearch.value}
          placeholder="in what is kept"
          onChange={(value) => (tailSearch.value = value)}
        />
        {isShown &&
          FIELDS.map(({ name, label, placeholder }) => (
            <label key={name} class="field">
              <span>{label}</span>
              <input
                type="text"
                value={tailFields.value[name]}
                placeholder={placeholder}
                spellcheck={false}
                maxLength={MAX_FILTER_TEXT}
                autocomplete="off"
                onInput={(event) => refineTail({ [name]: event.currentTarget.value })}
              />
            </label>
          ))}
        {isNarrow && (
          <button type="button" aria-expanded={isUnfolded} onClick={() => setUnfolded(!isUnfolded)}>
            Filters{isFiltered ? ' (on)' : ''}
          </button>
        )}
        {isShown && (
          <button
            type="button"
            disabled={!isFiltered}
            onClick={() => (tailFields.value = NO_FILTER)}
          >
            Reset
          </button>
        )}
      </div>
      {isShown && <KindChips />}
    </section>
  );
}
