import { countOf } from '../../format/format.js';
import { feedState, hearing, hearingFailure, type FeedState } from '../../feed/feed.js';

const WORDS: Readonly<Record<FeedState, string>> = {
  off: 'off',
  connecting: 'connecting',
  live: 'live',
  reconnecting: 'reconnecting',
};

/** How the live feed is doing, and how many nodes it hears. */
export function FeedStatus() {
  const { nodes, isPartial } = hearing.value;
  const isLive = feedState.value === 'live';
  const look = !isLive ? 'waiting' : isPartial ? 'partial' : 'live';
  const heard = isLive && nodes.length > 0 ? ` · ${countOf(nodes.length, 'node')}` : '';
  const trouble = hearingFailure.value ?? 'some do not answer';
  const partial = isLive && isPartial ? `, ${trouble}` : '';
  return (
    <span
      class={`feed-status feed-${look}`}
      role="status"
      title={hearingFailure.value ?? nodes.join(', ')}
    >
      <span class="dot" aria-hidden="true" />
      <span>
        {WORDS[feedState.value]}
        <span class="heard">{heard}</span>
        {partial}
      </span>
    </span>
  );
}
