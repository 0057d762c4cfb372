import { andThen, type Awaitable } from '../awaitable.js';
import type { PlaceChange } from '../state-store.js';
import { UserGraces } from '../user-graces.js';
import { PLACES } from './key-names.js';
import type { GracedKind } from './roster-graced-kind.js';
import { GracedRosters } from './roster-graces.js';
import type { StoreContext } from './store-context.js';

/** Places, as what has a grace. What nobody but this node knows of them is not told. */
export function placesOf(context: StoreContext): GracedKind {
  return {
    channel: PLACES,
    graces: new UserGraces(),
    holdersOf: (appId) => context.mirror.get(appId).places,
    tell: (appId, place, isOccupied, version) =>
      context.tell((listener) => listener.onPlaceChanged({ appId, place, isOccupied, version })),
  };
}

/** The places that somebody is in. */
export class OccupiedPlaces extends GracedRosters {
  /** See StateStore. */
  occupy(appId: string, place: string, socketId: string): Awaitable<PlaceChange | undefined> {
    return andThen(this.hold(appId, place, socketId), ({ isFirstHere, outcome }) => {
      if (!isFirstHere || outcome.result !== 'changed') return undefined;
      return { appId, place, isOccupied: true, version: outcome.version };
    });
  }

  /** See StateStore. */
  vacate(appId: string, place: string, socketId: string, graceMs: number): Awaitable<void> {
    return this.release(appId, place, socketId, graceMs);
  }
}
