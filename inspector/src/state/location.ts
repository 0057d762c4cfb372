import { signal } from '@preact/signals';
import { hashOf, parseRoute, tokenOf, type Route } from './route.js';

/** Where the reader is. */
export const route = signal<Route>(parseRoute(location.hash));

/** Follows the address from now on; a sign-in link may be opened in a page that is there already. */
export function followAddress(onToken: (token: string) => void): void {
  addEventListener('hashchange', () => {
    const token = takeToken();
    if (token !== undefined) {
      onToken(token);
    }
    route.value = parseRoute(location.hash);
  });
}

/** Goes to a view, with an entry in the history. */
export function goTo(target: Route): void {
  location.hash = hashOf(target);
}

/** The token of a sign-in link; it is gone from the address and the history afterwards. */
export function takeToken(): string | undefined {
  const token = tokenOf(location.hash);
  if (token !== undefined) {
    history.replaceState(null, '', `${location.pathname}${location.search}#/tail`);
    route.value = parseRoute(location.hash);
  }
  return token;
}
