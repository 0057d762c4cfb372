import type { RosterVersion } from '../state-store.js';
import { fromExactText, toExactText } from './exact-text.js';
import { isGraced, writeRosterName, type RosterKeys, type RosterName } from './key-names.js';
import { writeMember } from './roster-member.js';
import type { Step, StepOutcome, StepResult } from './roster-step.js';
import type { StoreContext } from './store-context.js';
import type { ChangeAnswer } from './store-scripts.js';

/** How many users come with the answer of a script; more are read in pages. */
const MAX_LISTED = 1000;

/** What else a change is to do. */
export interface ChangeOptions {
  /** Late commands are refused from now on, also when this node holds nobody any more. */
  readonly isFenced: boolean;
  /** A version below this is of a time whose end was lost. */
  readonly renewBelow?: RosterVersion;
  /** The users this node holds are asked for, unless they are too many. */
  readonly isListWanted?: boolean;
}

/** A roster as Redis has it after a change. */
export interface RosterState {
  readonly version: RosterVersion;
  /** How many users this node holds. */
  readonly size: number;
  /** This node took part in it before. */
  readonly wasKnown: boolean;
  /** The version is another one, although nobody came or went. */
  readonly hasSkipped: boolean;
  /** The users this node holds, if they were asked for and are not too many. */
  readonly held: readonly string[] | undefined;
  /** Of each step. */
  readonly outcomes: readonly StepOutcome[];
}

/** Speaks with Redis about one roster, for this node. Everything rejects when Redis cannot be asked. */
export class RosterWire {
  /** It stands on the list of the node, by which it is found when the node is dead. */
  isEnlisted = false;
  private enlisting: Promise<unknown> | undefined;

  constructor(
    private readonly context: StoreContext,
    private readonly name: RosterName,
  ) {}

  /** Resolves when the first steps are sent; undefined if they are, or there are none. */
  whenSent(): Promise<unknown> | undefined {
    return this.enlisting;
  }

  /** Takes steps. They are sent in this turn; the first in a Cluster, a moment later. */
  take(steps: readonly Step[], options: ChangeOptions): Promise<RosterState> {
    return this.isEnlisted ? this.change(steps, options) : this.enlistAndChange(steps, options);
  }

  /** Takes steps, whether it stands on the list or not. */
  async change(steps: readonly Step[], options: ChangeOptions): Promise<RosterState> {
    const { scripts, nodeId, epoch, ttlMs } = this.context;
    const { isFenced, renewBelow = 0, isListWanted = false } = options;
    const { state, members, holders, leaving, claimed, own } = this.keys;
    const keys = [state, members, holders, own(nodeId)];
    if (isGraced(this.name)) keys.push(leaving, claimed);
    const args: (string | number)[] = [nodeId, epoch, ttlMs, renewBelow, isFenced ? 1 : 0];
    args.push(isListWanted ? MAX_LISTED : 0);
    for (const step of steps) args.push(...argumentsOf(step));
    return stateOf(await scripts.changeRoster(keys, ...args), steps.length);
  }

  /** The users this node holds. */
  async readHeld(): Promise<readonly string[]> {
    const held: string[] = [];
    let cursor = '0';
    do {
      const { link, nodeId } = this.context;
      const key = this.keys.own(nodeId);
      const [next, page] = await link.commands.sscan(key, cursor, 'COUNT', MAX_LISTED);
      for (const text of page) held.push(fromExactText(text));
      cursor = next;
    } while (cursor !== '0');
    return held;
  }

  /** In a Cluster the list is elsewhere, and has to be there first: who buries the node goes by it. */
  private async enlistAndChange(
    steps: readonly Step[],
    options: ChangeOptions,
  ): Promise<RosterState> {
    const { scripts, ownKeys, epoch, ttlMs, link } = this.context;
    const listKeys = [ownKeys.epoch, ownKeys.rosters];
    const enlisting = scripts.enlist(listKeys, epoch, ttlMs, 'SADD', writeRosterName(this.name));
    const send = () => this.change(steps, options);
    const sent = link.isCluster ? enlisting.then(send) : send();
    const forget = () => (this.enlisting = undefined);
    // After that `then`, so that whoever waits for it comes after what is sent.
    if (link.isCluster) this.enlisting = enlisting.then(forget, forget);
    const [state] = await Promise.all([sent, enlisting]);
    this.isEnlisted = true;
    return state;
  }

  private get keys(): RosterKeys {
    return this.context.keys.roster(this.name);
  }
}

function argumentsOf(step: Step): (string | number)[] {
  const { userId, isHold, member, limit = 0, graceMs = 0 } = step;
  const user = toExactText(userId);
  if (!isHold) return ['drop', user, graceMs, ''];
  return ['hold', user, member === undefined ? '' : writeMember(member), limit];
}

/** As the script answers them, from -1 on. */
const RESULTS: readonly StepResult[] = ['full', 'none', 'changed', 'returned'];

function stateOf(answer: ChangeAnswer, steps: number): RosterState {
  const [version, size, wasKnown, hasSkipped, listed, ...codes] = answer;
  return {
    version,
    size,
    wasKnown: wasKnown === 1,
    hasSkipped: hasSkipped === 1,
    held: listed?.map(fromExactText),
    outcomes: Array.from({ length: steps }, (_, i) => ({
      result: RESULTS[codes[2 * i]! + 1]!,
      version: codes[2 * i + 1]!,
    })),
  };
}
