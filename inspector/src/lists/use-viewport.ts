import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { Viewport } from './window.js';

/** What is seen of the rows in an element that scrolls, below a header that sticks to its top. */
export function useViewport(
  element: RefObject<HTMLElement | null>,
  rowHeight: number,
  headerHeight: number,
): Viewport {
  const [viewport, setViewport] = useState({ scrollTop: 0, height: 600 });
  useLayoutEffect(() => {
    const scroller = element.current;
    if (scroller === null) {
      return undefined;
    }
    const follow = (): void =>
      setViewport({
        scrollTop: scroller.scrollTop,
        height: Math.max(0, scroller.clientHeight - headerHeight),
      });
    const observer = new ResizeObserver(follow);
    observer.observe(scroller);
    scroller.addEventListener('scroll', follow, { passive: true });
    follow();
    return () => {
      observer.disconnect();
      scroller.removeEventListener('scroll', follow);
    };
  }, [element, headerHeight]);
  return { ...viewport, rowHeight };
}
