/** One thing that is wrong with the configuration. */
export interface Fault {
  /** The variable, or the path inside it: `REVERB_APPS[0].max_connections`. */
  readonly variable: string;
  /** What is wrong with it, without a full stop. Never holds a secret. */
  readonly complaint: string;
}

/** The configuration cannot be used. The message has one line for each fault. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly faults: readonly Fault[]) {
    super(faults.map(({ variable, complaint }) => `${variable}: ${complaint}`).join('\n'));
  }
}

/** What stands where a secret would. */
export const HIDDEN = '(hidden)';

const LONGEST_SHOWN = 100;

/** A value as it may be printed: in quotes, on one line, not endless, and not at all when secret. */
export function shown(value: unknown, isSecret = false): string {
  if (value === undefined) return 'nothing';
  if (isSecret) return HIDDEN;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** The fault of a variable that got one thing and wants another. */
export function unwanted(variable: string, got: unknown, wants: string, isSecret = false): Fault {
  return { variable, complaint: `got ${shown(got, isSecret)}; wants ${wants}` };
}
