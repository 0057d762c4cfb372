import type { ComponentChildren } from 'preact';

/** A name and what is known of it; nothing for undefined. */
export type Fact = readonly [string, ComponentChildren];

/** Facts as a list of terms; those that are not known are left out. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
