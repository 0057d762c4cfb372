import { MAX_NAME_LENGTH } from '../../../src/inspector/limits.js';
import { computed, signal } from '@preact/signals';
import { ask, onProofRefused, onSignedOut, setCsrf } from '../api/api.js';
import { ApiFailure, wordsOf } from '../api/api-failure.js';
import { startFeed, stopFeed } from '../feed/feed.js';
import { storedText } from './stored.js';
import { showToast } from './toasts.js';
import type { Session, SignedIn, SignIn } from '../contract.js';

/** Why nobody is signed in, and until when trying again is of no use. */
export interface SignInTrouble {
  readonly reason: string;
  readonly waitUntilMs?: number;
}

/** The session as the server told it last; undefined until it did. */
export const session = signal<Session | undefined>(undefined);

/** The last session that was good: what it showed stays while one signs in again. */
export const lastSignedIn = signal<SignedIn | undefined>(undefined);

/** What kept from signing in. */
export const trouble = signal<SignInTrouble | undefined>(undefined);

/** Whether payloads may be shown. */
export const hasPayloads = computed(() => lastSignedIn.value?.hasPayloads ?? false);

/** Of whoever signs in; it is logged with every action. */
export const signInName = storedText('name');

let wants: 'password' | 'token' = 'password';

function accept(answer: Session): void {
  session.value = answer;
  if (answer.isSignedIn) {
    trouble.value = undefined;
    lastSignedIn.value = answer;
    setCsrf(answer.csrf);
    startFeed(answer);
  } else {
    wants = answer.wants;
  }
}

function troubleOf(error: unknown): SignInTrouble {
  const seconds = error instanceof ApiFailure ? error.retryAfterSeconds : undefined;
  return {
    reason: wordsOf(error),
    ...(seconds !== undefined && { waitUntilMs: Date.now() + seconds * 1000 }),
  };
}

/** Asks who is signed in; with a token signs in first. */
export async function openSession(token: string | undefined): Promise<void> {
  onSignedOut(() => expire('Your session has ended. Sign in again; what you see here stays.'));
  // Another tab may have signed in, whose session took the place of this one's.
  onProofRefused(() =>
    askAgain((answer) => answer.isSignedIn && answer.csrf !== lastSignedIn.value?.csrf),
  );
  if (token !== undefined && (await signIn(token))) {
    return;
  }
  try {
    accept(await ask<Session>(['session']));
  } catch (error) {
    trouble.value = troubleOf(error);
    session.value = { isSignedIn: false, wants };
  }
}

/** Signs in, under the name that was given last; says whether that went well. */
export async function signIn(secret: string): Promise<boolean> {
  const name = signInName.value.trim().slice(0, MAX_NAME_LENGTH);
  const body: SignIn = { secret, ...(name !== '' && { name }) };
  try {
    accept(await ask<Session>(['session'], { method: 'POST', body }));
    return true;
  } catch (error) {
    trouble.value = troubleOf(error);
    return false;
  }
}

/** Signs out, and opens the page anew, so that nothing of what was shown is left. */
export async function signOut(): Promise<void> {
  try {
    await ask(['session'], { method: 'DELETE' });
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 401) {
      showToast(`You are still signed in: ${wordsOf(error)}`, true);
      return;
    }
  }
  stopFeed();
  location.reload();
}

function expire(reason: string): void {
  if (session.value?.isSignedIn === true) {
    trouble.value = { reason };
    session.value = { isSignedIn: false, wants };
    // Another secret may be wanted than before, or another tab may have signed in.
    void askAgain(() => session.value?.isSignedIn !== true);
  }
}

/** Asks who is signed in, and goes by the answer if it is news. */
async function askAgain(isNews: (answer: Session) => boolean): Promise<void> {
  try {
    const answer = await ask<Session>(['session']);
    if (isNews(answer)) {
      accept(answer);
    }
  } catch {
    // Then what was known before holds.
  }
}
