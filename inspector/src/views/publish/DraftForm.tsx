import { prettyJson, readJson } from '../../format/json.js';
import { TextField } from '../../parts/TextField.js';
import type { DraftFaults, EventDraft } from '../../publish/draft.js';

interface DraftFormProps {
  readonly index: number;
  readonly draft: EventDraft;
  readonly faults: DraftFaults;
  readonly onChange: (change: Partial<EventDraft>) => void;
  readonly onRemove: (() => void) | undefined;
}

/** One event to be published. */
export function DraftForm({ index, draft, faults, onChange, onRemove }: DraftFormProps) {
  const id = `event-${index}`;
  return (
    <fieldset class="card draft">
      <legend>Event {index + 1}</legend>
      <TextField
        id={`${id}-name`}
        label="Event name"
        value={draft.name}
        placeholder="order.shipped"
        fault={faults.name}
        onChange={(name) => onChange({ name })}
      />
      <TextField
        id={`${id}-channels`}
        label="Channels"
        value={draft.channels}
        placeholder="news private-orders.7"
        hint="Several with spaces between them."
        fault={faults.channels}
        onChange={(channels) => onChange({ channels })}
      />
      <TextField
        id={`${id}-socket`}
        label="Exclude socket id (optional)"
        value={draft.socketId}
        placeholder="123.456"
        fault={faults.socketId}
        onChange={(socketId) => onChange({ socketId })}
      />
      <DataField id={`${id}-data`} draft={draft} fault={faults.data} onChange={onChange} />
      {onRemove !== undefined && (
        <div class="buttons">
          <button type="button" onClick={onRemove}>
            Remove event {index + 1}
          </button>
        </div>
      )}
    </fieldset>
  );
}

interface DataFieldProps {
  readonly id: string;
  readonly draft: EventDraft;
  readonly fault: string | undefined;
  readonly onChange: (change: Partial<EventDraft>) => void;
}

function DataField({ id, draft, fault, onChange }: DataFieldProps) {
  const json = readJson(draft.data);
  const error = 'error' in json ? json.error : undefined;
  return (
    <div class="field data-field">
      <label for={id}>Data (JSON)</label>
      <textarea
        id={id}
        rows={8}
        value={draft.data}
        spellcheck={false}
        aria-invalid={(fault ?? error) !== undefined}
        aria-describedby={`${id}-more`}
        onInput={(event) => onChange({ data: event.currentTarget.value })}
      />
      <div class="field-foot">
        <span id={`${id}-more`} class={(fault ?? error) === undefined ? 'hint' : 'fault'}>
          {fault ?? error ?? 'Good JSON.'}
        </span>
        <button
          type="button"
          disabled={error !== undefined}
          onClick={() => onChange({ data: prettyJson(draft.data) })}
        >
          Format
        </button>
      </div>
    </div>
  );
}
