import { useEffect, useRef } from 'preact/hooks';
import { route } from '../../state/location.js';
import { VIEWS } from '../../state/route.js';
import { Help } from './Help.js';
import { TopBar } from './TopBar.js';
import { useShortcuts } from './use-shortcuts.js';
import { View } from './View.js';

interface ShellProps {
  /** The sign-in lies over it. */
  readonly isCovered: boolean;
}

/** The frame of all views. */
export function Shell({ isCovered }: ShellProps) {
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const { view, of } = route.value;
  const title = VIEWS.find((known) => known.view === view)?.title ?? '';
  useShortcuts(!isCovered);
  useEffect(() => {
    document.title = `${of?.name ?? title} · Revurb inspector`;
    if (!isFirst.current && !isCovered) {
      main.current?.focus();
    }
    isFirst.current = false;
  }, [view, of?.name, isCovered]);
  return (
    <div class="shell" inert={isCovered}>
      <a
        class="skip-link"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <TopBar />
      <main id="main" ref={main} tabIndex={-1} class={`view view-${view}`}>
        <View route={route.value} />
      </main>
      <Help />
    </div>
  );
}
