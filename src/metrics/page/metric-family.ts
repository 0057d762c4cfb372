import type { Awaitable } from '../../scaling/awaitable.js';

/** One line of the page: the value, and the values of the labels in their order. */
export type Sample = readonly [value: number, ...labels: string[]];

/** A metric, and where its values stand. They are read when somebody wants to see them, and not before. */
export interface MetricFamily {
  readonly type: 'counter' | 'gauge';
  /** As Prometheus wants it: with its unit, and `_total` if it only grows. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  read(): Awaitable<Iterable<Sample>>;
}

type Read = MetricFamily['read'];

/** What only grows while the process lives. */
export const counter = (
  name: string,
  help: string,
  labels: readonly string[],
  read: Read,
): MetricFamily => ({ type: 'counter', name, help, labels, read });

/** What comes and goes. */
export const gauge = (
  name: string,
  help: string,
  labels: readonly string[],
  read: Read,
): MetricFamily => ({ type: 'gauge', name, help, labels, read });
