import type { RosterVersion } from '../state-store.js';
import type { UserGraces } from '../user-graces.js';
import type { RosterName } from './key-names.js';

/** What has a grace: signed-in users, or places. There is one roster of it for each application. */
export interface GracedKind {
  /** The roster. */
  readonly channel: RosterName['channel'];
  readonly graces: UserGraces;
  /** Those of this node, and their connections. */
  holdersOf(appId: string): Map<string, Set<string>>;
  /** Says what nobody called for, to one node of all. */
  tell(appId: string, name: string, isHeld: boolean, version: RosterVersion): void;
  /** A grace is over while Redis cannot be asked. Without it, that is told when Redis is back. */
  tellAlone?(appId: string, name: string): void;
}
