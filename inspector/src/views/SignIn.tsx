import { useEffect, useState } from 'preact/hooks';
import { TextField } from '../parts/TextField.js';
import { countOf } from '../format/format.js';
import { signIn, signInName, trouble } from '../state/session.js';

/** Seconds until a moment, counted down. */
function useSecondsUntil(untilMs: number | undefined): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    setNowMs(Date.now());
    if (untilMs === undefined) {
      return undefined;
    }
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [untilMs]);
  return untilMs === undefined ? 0 : Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
}

interface SignInProps {
  readonly wants: 'password' | 'token';
}

/** Where one signs in. */
export function SignIn({ wants }: SignInProps) {
  const [secret, setSecret] = useState('');
  const [isBusy, setBusy] = useState(false);
  const waitSeconds = useSecondsUntil(trouble.value?.waitUntilMs);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    if (!(await signIn(secret))) {
      setBusy(false);
    }
  };
  useEffect(() => document.getElementById('secret')?.focus(), []);
  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
        <h1 id="sign-in-title">Revurb inspector</h1>
        <p class="muted">Where did my event go?</p>
        <TextField
          id="secret"
          label={wants === 'password' ? 'Password' : 'Token'}
          type="password"
          autocomplete="current-password"
          value={secret}
          hint={
            wants === 'token'
              ? 'REVERB_INSPECTOR_TOKEN, or from the link that the server prints when it starts.'
              : 'The value of REVERB_INSPECTOR_PASSWORD.'
          }
          onChange={setSecret}
        />
        <TextField
          id="name"
          label="Your name (optional)"
          autocomplete="nickname"
          value={signInName.value}
          hint="Logged with every action."
          onChange={(value) => (signInName.value = value)}
        />
        <div role="alert" class="fault">
          {trouble.value?.reason}
          {waitSeconds > 0 && ` Try again in ${countOf(waitSeconds, 'second')}.`}
        </div>
        <button type="submit" class="primary" disabled={isBusy || secret === '' || waitSeconds > 0}>
          Sign in
        </button>
      </form>
    </main>
  );
}
