import { formatBytes, formatDuration } from '../../format/format.js';
import { Payload } from '../../parts/Payload.js';
import { forgetCachedEvent } from '../../state/actions.js';
import type { ChannelDetails } from '../../contract.js';

interface CachedEventProps {
  readonly appId: string;
  readonly channel: ChannelDetails;
  readonly whenCleared: () => void;
}

/** What a cache channel remembers. */
export function CachedEvent({ appId, channel, whenCleared }: CachedEventProps) {
  const { cached, name, type } = channel;
  if (cached === undefined) {
    return type.endsWith('cache') ? (
      <p class="muted">It remembers no event at the moment.</p>
    ) : null;
  }
  return (
    <section class="card" aria-labelledby="cached-title">
      <h2 id="cached-title">Cached event</h2>
      <p>
        <strong>{cached.event}</strong>, {formatBytes(cached.bytes)}, forgotten in{' '}
        {formatDuration(cached.ttlSeconds * 1000)}{' '}
        <button type="button" onClick={() => forgetCachedEvent(appId, name, whenCleared)}>
          Clear
        </button>
      </p>
      <Payload title="Cached payload" data={cached.data} />
    </section>
  );
}
