/** Completes what was given with defaults; what is undefined counts as not given. */
export function withDefaults<T extends object>(defaults: T, given: Partial<T>): T {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...(Object.fromEntries(entries) as Partial<T>) };
}
