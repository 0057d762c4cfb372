import { useEffect, useState } from 'preact/hooks';

/** Whether a media query holds, from now on. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const follow = (): void => setHolds(list.matches);
    follow();
    list.addEventListener('change', follow);
    return () => list.removeEventListener('change', follow);
  }, [query]);
  return holds;
}

/** Whether the page is as narrow as a telephone. */
export function useIsNarrow(): boolean {
  return useMedia('(max-width: 720px)');
}
