import type { RecordKind } from '../../contract.js';
import { Icon } from '../../parts/Icon.js';
import { KIND_GROUPS, KIND_LOOKS } from '../../records/kinds.js';
import { refineTail, tailFields } from '../../records/tail.js';

function toggled(kinds: readonly RecordKind[], kind: RecordKind): readonly RecordKind[] {
  return kinds.includes(kind) ? kinds.filter((other) => other !== kind) : [...kinds, kind];
}

/** Which kinds are shown: all, unless some are picked. */
export function KindChips() {
  const { kinds } = tailFields.value;
  return (
    <div class="chips">
      {KIND_GROUPS.map(({ title, kinds: ofGroup }) => (
        <div key={title} role="group" aria-label={title} class="chip-group">
          <span class="chip-title" aria-hidden="true">
            {title}
          </span>
          {ofGroup.map((kind) => (
            <button
              key={kind}
              type="button"
              class={`chip tone-${KIND_LOOKS[kind].tone}`}
              aria-pressed={kinds.includes(kind)}
              onClick={() => refineTail({ kinds: toggled(kinds, kind) })}
            >
              <Icon name={KIND_LOOKS[kind].icon} />
              {KIND_LOOKS[kind].word}
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}
