import { inspect } from 'node:util';
import { KnownSecret } from './known-secret.js';

describe('A known secret', () => {
  const secret = new KnownSecret('correct horse');

  it('is itself, and nothing else of whatever length', () => {
    expect(secret.is('correct horse')).toBe(true);
    for (const other of ['', 'correct', 'correct horsE', 'correct horse ', 'x'.repeat(100_000)]) {
      expect(secret.is(other)).toBe(false);
    }
  });

  it('does not show itself', () => {
    expect(inspect(secret) + JSON.stringify(secret)).not.toContain('correct');
  });
});
