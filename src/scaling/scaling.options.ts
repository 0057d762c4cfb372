/** How this node works together with others. */
export interface ScalingOptions {
  /** false: this node is alone, and needs nothing but itself. */
  readonly enabled: boolean;
  /** `redis`, `redis-cluster`, `redis-sentinel`, or the name of a driver given in `drivers`. */
  readonly driver: string;
  /** Prefix of topics and keys. */
  readonly prefix: string;
}

/** The options of a node that is alone. */
export const DEFAULT_SCALING_OPTIONS: ScalingOptions = Object.freeze({
  enabled: false,
  driver: 'redis',
  prefix: 'reverb',
});
