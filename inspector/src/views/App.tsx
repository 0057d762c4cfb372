import { ConfirmDialog } from '../parts/ConfirmDialog.js';
import { Toasts } from '../parts/Toasts.js';
import { lastSignedIn, session } from '../state/session.js';
import { Shell } from './shell/Shell.js';
import { SignIn } from './SignIn.js';

/** The page: what was seen last stays behind the sign-in when a session has ended. */
export function App() {
  const isSignedIn = session.value?.isSignedIn === true;
  if (session.value === undefined) {
    return (
      <main class="sign-in">
        <h1 class="loading">Revurb inspector</h1>
        <p role="status">Opening …</p>
      </main>
    );
  }
  return (
    <>
      {lastSignedIn.value !== undefined && <Shell isCovered={!isSignedIn} />}
      {!isSignedIn && (
        <SignIn wants={session.value.isSignedIn ? 'password' : session.value.wants} />
      )}
      <Toasts />
      <ConfirmDialog />
    </>
  );
}
