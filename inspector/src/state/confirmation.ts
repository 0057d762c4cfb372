import { signal } from '@preact/signals';
import { wordsOf } from '../api/api-failure.js';
import { showToast } from './toasts.js';

/** What is about to be done. */
export interface Confirmation {
  readonly title: string;
  /** Exactly what will happen. */
  readonly text: string;
  /** What the button says. */
  readonly verb: string;
  /** Does it; resolves to what to say of it. */
  readonly act: () => Promise<string>;
}

/** What is being asked at the moment. */
export const confirmation = signal<Confirmation | undefined>(undefined);

/** Asks whether to do something. */
export function confirm(wanted: Confirmation): void {
  confirmation.value = wanted;
}

/** Does what was confirmed, and tells what came of it. */
export async function actOn({ act, title }: Confirmation): Promise<void> {
  try {
    showToast(await act());
  } catch (error) {
    showToast(`${title} failed: ${wordsOf(error)}`, true);
  }
}
