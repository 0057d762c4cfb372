interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly onChange: (value: string) => void;
}

/** A text that is searched for as it is typed; `/` leads to it. */
export function SearchField({ label, value, placeholder, onChange }: SearchFieldProps) {
  return (
    <label class="field search-field">
      <span>{label}</span>
      <input
        type="search"
        value={value}
        data-shortcut="search"
        placeholder={placeholder ?? ''}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  );
}
