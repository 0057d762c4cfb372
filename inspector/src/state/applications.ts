import { computed, signal } from '@preact/signals';
import { ask } from '../api/api.js';
import type { ApplicationList } from '../contract.js';
import { storedText } from './stored.js';

/** What the server knows of applications. */
export const applications = signal<ApplicationList>({ applications: [], isPartial: false });

/** The id of the application that is picked; empty for all. */
export const pickedApp = storedText('application');

/** The application that is picked, or the only one there is; undefined for several. */
export const appInScope = computed(() => {
  const known = applications.value.applications;
  if (pickedApp.value !== '') {
    return pickedApp.value;
  }
  return known.length === 1 ? known[0]?.id : undefined;
});

/** Asks for the applications anew. */
export async function loadApplications(): Promise<void> {
  const answer = await ask<ApplicationList>(['applications']);
  applications.value = answer;
  // Whatever an older visit picked may be gone; a partial answer proves nothing.
  const isKnown = answer.applications.some(({ id }) => id === pickedApp.value);
  if (!isKnown && !answer.isPartial) {
    pickedApp.value = '';
  }
}
