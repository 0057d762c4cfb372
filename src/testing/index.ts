/*
 * For authors of drivers: the suites that every driver of the scaling ports has to pass. They use the
 * globals of Jest or Vitest. Imported as `revurb/testing`.
 */
export * from './pub-sub-provider.suite.js';
export * from './state-store.suite.js';
export * from './webhook-queue.suite.js';
