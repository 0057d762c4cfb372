import type { NodeConnectionOptions } from '@nats-io/transport-node';

/** Token of the {@link NatsOptions}. */
export const NATS_OPTIONS = Symbol('NATS_OPTIONS');

/** How to reach NATS: what its client takes, `servers`, `user`, `pass`, `tls` and so on. */
export interface NatsOptions extends NodeConnectionOptions {
  /** Copies of the state in a cluster of NATS servers: 1, 3 or 5. */
  readonly replicas?: number;
}
