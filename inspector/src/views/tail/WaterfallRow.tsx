import { formatDuration } from '../../format/format.js';
import type { WaterfallBar } from '../../trace/waterfall.js';

interface WaterfallRowProps {
  readonly bar: WaterfallBar;
  readonly totalMs: number;
}

/** One step of a trace: in words, and as a bar. */
export function WaterfallRow({ bar, totalMs }: WaterfallRowProps) {
  const { step, title, nodeId, offsetMs, tookMs, notes, isFaulty, isClockBehind } = bar;
  const scale = totalMs > 0 ? 100 / totalMs : 0;
  return (
    <li class={`step step-${step}${isFaulty ? ' step-faulty' : ''}`}>
      <div class="step-words">
        <span class="step-title">{title}</span>
        <span class="step-time">
          {offsetMs > 0 && `+${formatDuration(offsetMs)}, `}took {formatDuration(tookMs)}
        </span>
      </div>
      <div class="step-track" aria-hidden="true">
        <div
          class="step-bar"
          style={{
            left: `${Math.min(99, offsetMs * scale)}%`,
            width: `${Math.max(0.8, tookMs * scale)}%`,
          }}
        />
      </div>
      <div class="step-notes">
        {[nodeId, ...notes, ...(isClockBehind ? ['clock behind'] : [])].join(' · ')}
      </div>
    </li>
  );
}
