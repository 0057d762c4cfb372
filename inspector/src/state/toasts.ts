import { signal } from '@preact/signals';

/** A short answer to something that was done. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isFailure: boolean;
}

const SHOWN_MS = 7000;

/** What is shown at the moment. */
export const toasts = signal<readonly Toast[]>([]);

let lastId = 0;

/** Shows an answer; failures stay until they are dismissed. */
export function showToast(text: string, isFailure = false): void {
  lastId += 1;
  const id = lastId;
  toasts.value = [...toasts.value.slice(-3), { id, text, isFailure }];
  if (!isFailure) {
    setTimeout(() => dismissToast(id), SHOWN_MS);
  }
}

/** Takes an answer away. */
export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
