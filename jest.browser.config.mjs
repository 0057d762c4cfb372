import { createRequire } from 'node:module';

const everywhere = createRequire(import.meta.url)('./jest.config.json');

/** What looks at the page of the inspector in a browser, one file after the other. */
export default {
  ...everywhere,
  roots: ['<rootDir>/test/browser'],
  testMatch: ['**/*.browser-spec.ts'],
  maxWorkers: 1,
};
