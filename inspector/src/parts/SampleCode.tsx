import { lastSignedIn } from '../state/session.js';
import { snippetOf } from './snippet.js';

/** How to connect the first client, with the address of this server. */
export function SampleCode() {
  return (
    <>
      <p>No client is connected yet. In a page or script, connect one with pusher-js:</p>
      <pre class="snippet" tabIndex={0} aria-label="Sample code">
        {snippetOf(location, lastSignedIn.value?.feed.path ?? '')}
      </pre>
    </>
  );
}
