import type { Logger } from '@nestjs/common';
import { OverloadError } from './overload-error.js';

/** A value now or later. Drivers that stay in the process answer at once, and nobody waits for a promise. */
export type Awaitable<T> = T | Promise<T>;

/** Whether something of a host comes later. It need not be a promise of Node's own. */
export function isLater<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | undefined)?.then === 'function';
}

/** Lets something go on by itself. Should it fail, that is logged; an overload is, by the driver that has it. */
export function inBackground(work: Awaitable<unknown>, logger: Logger): void {
  if (!(work instanceof Promise)) return;
  work.catch((error: unknown) => {
    if (!(error instanceof OverloadError)) logger.error('Work in the background failed', error);
  });
}

/** Goes on with a value: at once if it is here, else when it comes. */
export function andThen<T, R>(value: Awaitable<T>, goOn: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
