/** How many of something are looked at before others have a turn: some milliseconds. */
export const MANY_IN_A_TURN = 5_000;

/** Lets all others who wait for this process have their turn. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
