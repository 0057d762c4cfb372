/*
 * For tests of yours, imported as `revurb/testing`: a server to test modules with, and the suites that
 * every driver of the two scaling ports has to pass. The suites use the globals of Jest or Vitest, the
 * server needs neither.
 */
export * from './create-test-server.js';
export { PublishRefusedError, TestServer } from './test-server.js';
export {
  TestClient,
  type ClosedWith,
  type ReceivedMessage,
  type TestClientOptions,
  type TestCredentials,
  type TestMember,
  type TestUser,
} from './test-client.js';
export type { PublishedToChannel } from './published-record.js';
export type { StockClientOptions } from './stock-client.js';
export type { Patience } from './awaited-list.js';
export * from './pub-sub-provider.suite.js';
export * from './state-store.suite.js';
export * from './webhook-queue.suite.js';
