import type { IconName } from './icon-paths.js';
import { Icon } from './Icon.js';

interface IconButtonProps {
  readonly icon: IconName;
  /** What it is called; shown as its tooltip as well. */
  readonly label: string;
  readonly onClick: () => void;
}

/** A button without words to be seen. */
export function IconButton({ icon, label, onClick }: IconButtonProps) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
