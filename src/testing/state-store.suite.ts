import type { Awaitable } from '../scaling/awaitable.js';
import { describeBuckets } from './state-store.buckets.suite.js';
import { describeCache } from './state-store.cache.suite.js';
import { describeChannels } from './state-store.channels.suite.js';
import { describeConnections } from './state-store.connections.suite.js';
import { describeMemberLimit } from './state-store.member-limit.suite.js';
import { describeNodes } from './state-store.nodes.suite.js';
import { describeOnce } from './state-store.once.suite.js';
import { describePlaces } from './state-store.places.suite.js';
import { describePresence } from './state-store.presence.suite.js';
import { StoreSubject, type StateStoreCluster } from './state-store.subject.js';
import { describeUsers } from './state-store.users.suite.js';
import { describeVersions } from './state-store.versions.suite.js';
import { testGlobals } from './test-globals.js';

export type { StateStoreCluster } from './state-store.subject.js';

/**
 * Describes what every StateStore promises, to be called at the top of a test file. Uses the
 * global `describe`, `it`, `expect` and hooks of the test runner.
 * @param create makes the cluster, once: every test has its own applications
 */
export function describeStateStore(name: string, create: () => Awaitable<StateStoreCluster>): void {
  const globals = testGlobals();
  const { describe, beforeAll, afterAll, beforeEach } = globals;

  describe(`${name}, a StateStore,`, () => {
    const subject = new StoreSubject();
    let cluster: StateStoreCluster | undefined;

    beforeAll(async () => {
      cluster = await create();
      subject.use(cluster);
    });

    afterAll(async () => {
      await cluster?.close?.();
    });

    beforeEach(() => subject.beginTest());

    describeNodes(subject, globals);
    describeConnections(subject, globals);
    describePresence(subject, globals);
    describeVersions(subject, globals);
    describeMemberLimit(subject, globals);
    describeChannels(subject, globals);
    describeCache(subject, globals);
    describeUsers(subject, globals);
    describePlaces(subject, globals);
    describeOnce(subject, globals);
    describeBuckets(subject, globals);
  });
}
