import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/** How a list stays at its newest rows. */
export interface Follow {
  readonly edge: 'top' | 'bottom';
  readonly isFollowing: boolean;
  /** Told when the reader scrolls away from the edge, or back. */
  readonly onFollowing: (isFollowing: boolean) => void;
}

const NEAR_PX = 4;

function isAtEdge(scroller: HTMLElement, edge: Follow['edge']): boolean {
  const distance =
    edge === 'top'
      ? scroller.scrollTop
      : scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
  return distance <= NEAR_PX;
}

/**
 * Keeps a list at the edge where new rows come in, or, when the reader has scrolled away, keeps the
 * row at the top of what is seen where it is.
 */
export function useFollow(
  element: RefObject<HTMLElement | null>,
  keys: readonly (string | number)[],
  rowHeight: number,
  follow: Follow | undefined,
): void {
  const anchor = useRef<{ key: string | number; offset: number } | undefined>(undefined);
  const latest = useRef({ keys, follow, rowHeight });
  latest.current = { keys, follow, rowHeight };
  useEffect(() => {
    const scroller = element.current;
    if (scroller === null || follow === undefined) {
      return undefined;
    }
    const remember = (): void => {
      const now = latest.current;
      const index = Math.floor(scroller.scrollTop / now.rowHeight);
      const key = now.keys[index];
      anchor.current =
        key === undefined ? undefined : { key, offset: scroller.scrollTop - index * now.rowHeight };
      const isFollowing = isAtEdge(scroller, now.follow?.edge ?? 'top');
      if (isFollowing !== now.follow?.isFollowing) {
        now.follow?.onFollowing(isFollowing);
      }
    };
    scroller.addEventListener('scroll', remember, { passive: true });
    return () => scroller.removeEventListener('scroll', remember);
  }, [element, follow === undefined]);
  useLayoutEffect(() => {
    const scroller = element.current;
    if (scroller === null || follow === undefined) {
      return;
    }
    if (follow.isFollowing) {
      scroller.scrollTop = follow.edge === 'top' ? 0 : scroller.scrollHeight;
      return;
    }
    const held = anchor.current;
    const index = held === undefined ? -1 : keys.indexOf(held.key);
    if (held !== undefined && index !== -1) {
      scroller.scrollTop = index * rowHeight + held.offset;
    }
  }, [keys, follow?.isFollowing, follow?.edge, rowHeight]);
}
