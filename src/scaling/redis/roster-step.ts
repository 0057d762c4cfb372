import { UNKNOWN_VERSION, type Member, type RosterVersion } from '../state-store.js';

/**
 * What came of a step. `changed`: the user was nowhere before, or is nowhere now. `returned`: it was in
 * its grace. `full`: there is no room. `unknown`: Redis could not be asked, or did not answer.
 */
export type StepResult = 'changed' | 'returned' | 'none' | 'full' | 'unknown';

/** How a step ended. */
export interface StepOutcome {
  readonly result: StepResult;
  /** After the step; of a step that ended `unknown`, UNKNOWN_VERSION. */
  readonly version: RosterVersion;
}

/**
 * Why a step is taken. `call`: somebody waits for it. `catch-up`: somebody called while Redis was away.
 * `doubt`: somebody called, and Redis did not answer, so it may be done already. `repair`: nobody called,
 * but Redis says something else than it should.
 */
export type StepOrigin = 'call' | 'catch-up' | 'doubt' | 'repair';

/** This node holds a user from now on, or no more. */
export interface Step {
  readonly userId: string;
  readonly isHold: boolean;
  readonly origin: StepOrigin;
  /** For a hold in a presence channel. */
  readonly member?: Member | undefined;
  /** For a hold: at how many users there is no room for another; 0 for none. */
  readonly limit?: number;
  /** For a drop of a signed-in user: how long it has to come back. */
  readonly graceMs?: number;
  /** Called in the turn of the answer, in the order of the steps. @returns the outcome for whoever waits */
  readonly conclude?: (outcome: StepOutcome) => StepOutcome;
}

/** How a step ends that Redis was not asked about. */
export const UNKNOWN_OUTCOME: StepOutcome = { result: 'unknown', version: UNKNOWN_VERSION };

/** A step nobody called for, and what came of it. */
export interface UncalledStep {
  readonly step: Step;
  readonly outcome: StepOutcome;
}
