import { isDeepStrictEqual } from 'node:util';

/** What Jest and Vitest have for "any string" and the like. */
interface AsymmetricMatcher {
  asymmetricMatch(actual: unknown): boolean;
}

/**
 * Whether a value is what is expected of it: a function is asked, matchers such as `expect.any(String)`
 * of Jest and Vitest decide for themselves, at any depth, and everything else has to be equal.
 */
export function matches(expected: unknown, actual: unknown): boolean {
  if (typeof expected === 'function') return Boolean(expected(actual));
  if (isAsymmetric(expected)) return expected.asymmetricMatch(actual);
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((item, i) => matches(item, actual[i]))
    );
  }
  if (!isRecord(expected) || !isRecord(actual) || Array.isArray(actual)) {
    return isDeepStrictEqual(expected, actual);
  }
  const names = Object.keys(expected).filter((name) => expected[name] !== undefined);
  const isComplete = names.length === Object.keys(actual).length;
  return isComplete && names.every((name) => matches(expected[name], actual[name]));
}

function isAsymmetric(value: unknown): value is AsymmetricMatcher {
  return typeof (value as AsymmetricMatcher | undefined | null)?.asymmetricMatch === 'function';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
