import type { ComponentChildren } from 'preact';
import { Icon } from './Icon.js';

interface NoticeProps {
  readonly tone?: 'warn' | 'bad' | 'plain';
  /** Whether it is read out when it appears or changes: not when it changes every second. */
  readonly isTold?: boolean;
  readonly children: ComponentChildren;
}

/** A line that is to be noticed. */
export function Notice({ tone = 'warn', isTold = true, children }: NoticeProps) {
  return (
    <p class={`notice notice-${tone}`} role={isTold ? 'status' : undefined}>
      <Icon name="warning" />
      <span>{children}</span>
    </p>
  );
}
