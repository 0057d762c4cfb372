import type { RecordKind } from '../contract.js';
import { KIND_LOOKS } from '../records/kinds.js';
import { Icon } from './Icon.js';

/** The kind of a record: word, icon and colour. */
export function KindBadge({ kind }: { readonly kind: RecordKind }) {
  const look = KIND_LOOKS[kind];
  return (
    <span class={`kind tone-${look?.tone ?? 'plain'}`}>
      <Icon name={look?.icon ?? 'minus'} />
      <span>{look?.word ?? kind}</span>
    </span>
  );
}
