import { dismissToast, toasts } from '../state/toasts.js';
import { IconButton } from './IconButton.js';

/** Answers to what was done, read out as they come. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite" aria-label="Answers">
      {toasts.value.map(({ id, text, isFailure }) => (
        <div key={id} class={isFailure ? 'toast toast-failure' : 'toast'}>
          <span>{text}</span>
          <IconButton icon="close" label="Dismiss" onClick={() => dismissToast(id)} />
        </div>
      ))}
    </div>
  );
}
