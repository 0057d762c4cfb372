/** Paths that clients, backends and load balancers ask for. */
const SERVED = /^\/(?:apps?|users|up|health)(?:\/|$)/;

/** Whether the server needs a path itself, or one that it lies below. */
export function isServed(path: string): boolean {
  return SERVED.test(path);
}
