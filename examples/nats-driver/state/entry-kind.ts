/** What an entry is about, in an application: a channel, a user, a key. Empty: the application as a whole. */
export interface Subject {
  readonly appId: string;
  readonly name: string;
}

/** One kind of entries in the bucket: how its state is kept, and for how long. */
export interface EntryKind<State> {
  /** What keys of this kind begin with. */
  readonly name: string;
  /** The state of an entry that is not there. */
  create(): State;
  /** Reads what {@link toJson} gave. */
  fromJson(json: unknown): State;
  /** A value for `JSON.stringify`. */
  toJson(state: State): unknown;
  /** How long the entry has to be kept: 0 not at all, Infinity until it changes. */
  remainingMs(state: State, nowMs: number): number;
}

/** What a command did. */
export interface Outcome<Answer> {
  readonly answer: Answer;
  /** The state was changed, and has to be written. */
  readonly isChanged: boolean;
}

/**
 * One step of one entry. Changes the state it is given, which is a copy of its own, or leaves it as it is.
 * Depends on nothing but that, as it is made again when another node was faster.
 */
export type Command<State, Answer> = (state: State) => Outcome<Answer>;

/** Something was changed. */
export const changed = <Answer>(answer: Answer): Outcome<Answer> => ({ answer, isChanged: true });

/** Nothing was changed. */
export const unchanged = <Answer>(answer: Answer): Outcome<Answer> => ({
  answer,
  isChanged: false,
});
