interface TextFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly hint?: string;
  readonly fault?: string | undefined;
  readonly placeholder?: string;
  readonly type?: 'text' | 'password';
  readonly autocomplete?: string;
  readonly onChange: (value: string) => void;
}

/** A line of text with what is wrong with it. */
export function TextField(props: TextFieldProps) {
  const {
    id,
    label,
    value,
    hint,
    fault,
    placeholder,
    type = 'text',
    autocomplete,
    onChange,
  } = props;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type={type as 'text'}
        value={value}
        placeholder={placeholder ?? ''}
        autocomplete={autocomplete ?? 'off'}
        spellcheck={false}
        aria-invalid={fault !== undefined}
        aria-describedby={`${id}-more`}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <span id={`${id}-more`} class={fault === undefined ? 'hint' : 'fault'}>
        {fault ?? hint ?? ''}
      </span>
    </div>
  );
}
