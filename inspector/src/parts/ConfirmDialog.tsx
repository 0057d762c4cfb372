import { useEffect, useRef, useState } from 'preact/hooks';
import { actOn, confirmation, type Confirmation } from '../state/confirmation.js';

/** Asks what is to be confirmed. Focus goes back to where it was when it closes. */
export function ConfirmDialog() {
  const wanted = confirmation.value;
  return wanted === undefined ? null : (
    <OpenDialog key={wanted.title + wanted.text} wanted={wanted} />
  );
}

function OpenDialog({ wanted }: { readonly wanted: Confirmation }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const close = (): void => dialog.current?.close();
  const proceed = async (): Promise<void> => {
    setBusy(true);
    await actOn(wanted);
    close();
  };
  return (
    <dialog
      ref={dialog}
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
      onClose={() => (confirmation.value = undefined)}
    >
      <h2 id="confirm-title">{wanted.title}</h2>
      <p id="confirm-text">{wanted.text}</p>
      <div class="buttons">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class="primary" disabled={isBusy} onClick={() => void proceed()}>
          {wanted.verb}
        </button>
      </div>
    </dialog>
  );
}
