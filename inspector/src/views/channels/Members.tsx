import { useState } from 'preact/hooks';
import { countOf } from '../../format/format.js';
import type { Column } from '../../lists/column.js';
import { SortedGrid } from '../../lists/SortedGrid.js';
import { disconnectUser, unsubscribeUser } from '../../state/actions.js';

const COLUMNS: readonly Column<string>[] = [
  { id: 'id', title: 'User', width: '1fr', cell: (id) => id, sortKey: (id) => id },
];

interface MembersProps {
  readonly appId: string;
  readonly channel: string;
  readonly members: readonly string[];
  readonly whenDone: () => void;
}

/** The users of a presence channel; a picked one can be taken out. */
export function Members({ appId, channel, members, whenDone }: MembersProps) {
  const [picked, setPicked] = useState<string | undefined>(undefined);
  return (
    <section class="card" aria-labelledby="members-title">
      <h2 id="members-title">Members</h2>
      {members.length === 0 ? (
        <p class="muted">Nobody is there.</p>
      ) : (
        <SortedGrid
          label={countOf(members.length, 'member')}
          class="short"
          rows={members}
          columns={COLUMNS}
          keyOf={(id) => id}
          initial={{ by: 'id', isDescending: false }}
          onOpen={setPicked}
        />
      )}
      {picked !== undefined && members.includes(picked) && (
        <div class="buttons" role="group" aria-label={`Member ${picked}`}>
          <button
            type="button"
            class="danger"
            onClick={() => unsubscribeUser(appId, picked, channel, whenDone)}
          >{`Unsubscribe ${picked}`}</button>
          <button
            type="button"
            class="danger"
            onClick={() => disconnectUser(appId, picked, whenDone)}
          >{`Disconnect ${picked}`}</button>
        </div>
      )}
    </section>
  );
}
