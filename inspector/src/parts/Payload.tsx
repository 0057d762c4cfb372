import { MAX_SHOWN_DATA } from '../../../src/inspector/limits.js';
import { prettyJson } from '../format/json.js';
import { hasPayloads } from '../state/session.js';

interface PayloadProps {
  readonly title: string;
  readonly data: string | undefined;
}

/** A payload, or why there is none to see. */
export function Payload({ title, data }: PayloadProps) {
  if (data === undefined && hasPayloads.value) {
    return null;
  }
  return (
    <section class="payload">
      <h3>{title}</h3>
      {data === undefined ? (
        <p class="muted">
          Payloads are hidden. Start the server with <code>REVERB_INSPECTOR_PAYLOADS=true</code> to
          see them here.
        </p>
      ) : (
        <>
          <pre tabIndex={0} aria-label={title}>
            {prettyJson(data)}
          </pre>
          {data.length >= MAX_SHOWN_DATA && (
            <p class="muted">Cut: only the first {MAX_SHOWN_DATA} characters are shown.</p>
          )}
        </>
      )}
    </section>
  );
}
