import { useEffect, useRef } from 'preact/hooks';
import { hashOf, VIEWS } from '../../state/route.js';
import { route } from '../../state/location.js';
import { lastSignedIn, signOut } from '../../state/session.js';
import { nextTheme, theme } from '../../state/theme.js';
import { IconButton } from '../../parts/IconButton.js';
import { AppPicker } from './AppPicker.js';
import { FeedStatus } from './FeedStatus.js';
import { isHelpOpen } from './help-state.js';

const THEME_ICONS = { auto: 'half', light: 'sun', dark: 'moon' } as const;

/** What stands above every view. */
export function TopBar() {
  const views = useRef<HTMLElement>(null);
  const current = route.value.view;
  useEffect(() => {
    const link = views.current?.querySelector('[aria-current]');
    link?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [current]);
  const signedIn = lastSignedIn.value;
  return (
    <header class="top-bar">
      <div class="brand" title={`Revurb ${signedIn?.version ?? ''}`}>
        <span class="brand-mark" aria-hidden="true" />
        <span>Revurb</span>
        <span class="brand-sub">inspector</span>
      </div>
      <nav ref={views} aria-label="Views">
        <ul>
          {VIEWS.map(({ view, title }) => (
            <li key={view}>
              <a href={hashOf({ view })} aria-current={view === current ? 'page' : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="top-tools">
        <FeedStatus />
        <AppPicker />
        <IconButton
          icon={THEME_ICONS[theme.value]}
          label={`Theme: ${theme.value}. Change it`}
          onClick={nextTheme}
        />
        <button
          type="button"
          class="icon-button"
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts"
          onClick={() => (isHelpOpen.value = true)}
        >
          ?
        </button>
        <IconButton
          icon="exit"
          label={`Sign out${signedIn?.name ? ` (${signedIn.name})` : ''}`}
          onClick={() => void signOut()}
        />
      </div>
    </header>
  );
}
