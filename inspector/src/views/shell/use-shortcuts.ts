import { useEffect } from 'preact/hooks';
import { goTo, route } from '../../state/location.js';
import { clearTail, togglePause } from '../tail/tail-state.js';
import { isHelpOpen, shortcutKeys } from './help-state.js';
import { shortcutOf, type ShortcutAction } from './shortcuts.js';

const SEQUENCE_MS = 1500;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null
  );
}

function perform(action: ShortcutAction): void {
  const isTail = route.value.view === 'tail';
  if (action.kind === 'go') {
    goTo({ view: action.view });
  } else if (action.kind === 'search') {
    document.querySelector<HTMLElement>('[data-shortcut="search"]')?.focus();
  } else if (action.kind === 'help') {
    isHelpOpen.value = true;
  } else if (action.kind === 'pause' && isTail) {
    togglePause();
  } else if (action.kind === 'clear' && isTail) {
    clearTail();
  }
}

/** Listens for shortcuts while the page is not covered and they are not switched off. */
export function useShortcuts(isActive: boolean): void {
  const isOn = isActive && shortcutKeys.value === 'on';
  useEffect(() => {
    if (!isOn) {
      return undefined;
    }
    let before: { readonly key: string; readonly atMs: number } | undefined;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
        return;
      }
      const isSequence = before !== undefined && event.timeStamp - before.atMs < SEQUENCE_MS;
      const action = shortcutOf(event.key, isSequence ? before?.key : undefined);
      before = { key: event.key, atMs: event.timeStamp };
      if (action.kind !== 'none') {
        event.preventDefault();
        perform(action);
      }
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [isOn]);
}
