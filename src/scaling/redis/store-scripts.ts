import { FORGET_CONNECTIONS, OPEN_CONNECTIONS } from './lua/connections.lua.js';
import { CLEAR_NODE, ENLIST, SET_SUBSCRIPTIONS } from './lua/node-keys.lua.js';
import { BEAT, BURY, KEEP_TASK, LEAVE, REGISTER_NODE } from './lua/nodes.lua.js';
import {
  ARE_ONLINE,
  CHANGE_ROSTER,
  END_GRACES,
  KEEP_LEAVING,
  READ_ROSTER,
  REAP_ROSTER,
} from './lua/roster.lua.js';
import {
  CLAIM_ANSWER,
  FORGET_EVENT,
  GIVE_UP_CLAIM,
  KEEP_CLAIM,
  RESTORE_EVENT,
  STORE_ANSWER,
  TAKE_FROM_BUCKET,
} from './lua/values.lua.js';
import type { RedisLink } from './redis-link.js';

/** Version, size, whether the node was known, whether the version skipped, who is held; two for each user. */
export type ChangeAnswer = readonly [
  version: number,
  size: number,
  wasKnown: number,
  hasSkipped: number,
  held: readonly string[] | null,
  ...outcomes: number[],
];

/** What had become of a lease. `reaped`: the others took the node for dead. `lost`: Redis lost its data. */
export type Fate = 'alive' | 'reaped' | 'lost';

/** Fate, microseconds of Redis; three for each live node, two for each task; the dead, the buried. */
export type BeatAnswer = readonly [
  fate: Fate,
  redisMicros: number,
  live: readonly (string | number)[],
  tasks: readonly string[],
  dead: readonly string[],
  buried: readonly string[],
];

/** All scripts of the state store; what they take and answer stands in `lua/`. */
export type StoreScripts = ReturnType<typeof defineStoreScripts>;

/** To be called once for each link, before it is opened. */
export function defineStoreScripts(link: RedisLink) {
  return {
    changeRoster: link.defineScript<ChangeAnswer>(CHANGE_ROSTER),
    readRoster: link.defineScript<readonly [number, (readonly string[])?]>(READ_ROSTER),
    reapRoster: link.defineScript<readonly [number, number, readonly string[]]>(REAP_ROSTER),
    endGraces: link.defineScript<readonly [number, readonly string[], number]>(END_GRACES),
    keepLeaving: link.defineScript<number>(KEEP_LEAVING),
    areOnline: link.defineScript<readonly number[]>(ARE_ONLINE),
    register: link.defineScript<readonly [Fate, number]>(REGISTER_NODE),
    beat: link.defineScript<BeatAnswer>(BEAT),
    leave: link.defineScript<number>(LEAVE),
    keepTask: link.defineScript<number>(KEEP_TASK),
    bury: link.defineScript<number>(BURY),
    enlist: link.defineScript<number>(ENLIST),
    setSubscriptions: link.defineScript<number>(SET_SUBSCRIPTIONS),
    clearNode: link.defineScript<number>(CLEAR_NODE),
    openConnections: link.defineScript<readonly number[]>(OPEN_CONNECTIONS),
    forgetConnections: link.defineScript<number>(FORGET_CONNECTIONS),
    claimAnswer: link.defineScript<string>(CLAIM_ANSWER),
    keepClaim: link.defineScript<number>(KEEP_CLAIM),
    storeAnswer: link.defineScript<string>(STORE_ANSWER),
    giveUpClaim: link.defineScript<number>(GIVE_UP_CLAIM),
    forgetEvent: link.defineScript<number>(FORGET_EVENT),
    restoreEvent: link.defineScript<number>(RESTORE_EVENT),
    takeFromBucket: link.defineScript<number>(TAKE_FROM_BUCKET),
  };
}
