import type { ComponentChildren } from 'preact';
import { Icon } from './Icon.js';

interface NoticeProps {
  readonly tone?: 'warn' | 'bad' | 'plain';
  readonly children: ComponentChildren;
}

/** A line that is to be noticed; it is told politely when it appears. */
export function Notice({ tone = 'warn', children }: NoticeProps) {
  return (
    <p class={`notice notice-${tone}`} role="status">
      <Icon name="warning" />
      <span>{children}</span>
    </p>
  );
}
