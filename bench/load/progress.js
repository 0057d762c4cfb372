// @ts-check

/** Something has failed when nothing happened for this long. */
const GIVE_UP_MS = 15_000;

/** Waits for something that events bring about, as long as there are events. */
export class Progress {
  /** @type {(() => boolean) | undefined} what is waited for */
  #isDone;
  /** @type {() => void} */
  #onDone = () => {};
  #lastAt = 0;
  #describe;

  /** @param {() => string} describe how far things have come, for whoever waits in vain */
  constructor(describe) {
    this.#describe = describe;
  }

  happened() {
    this.#lastAt = performance.now();
    if (this.#isDone?.()) this.#onDone();
  }

  /**
   * One at a time.
   * @param {() => boolean} isDone asked after everything that happens
   * @param {string} what
   */
  async until(isDone, what) {
    if (isDone()) return;
    this.#lastAt = performance.now();
    /** @type {NodeJS.Timeout | undefined} */
    let watch;
    try {
      await /** @type {Promise<void>} */ (
        new Promise((resolve, reject) => {
          this.#isDone = isDone;
          this.#onDone = resolve;
          watch = setInterval(() => {
            if (performance.now() - this.#lastAt < GIVE_UP_MS) return;
            reject(new Error(`${what} got stuck; ${this.#describe()}`));
          }, 500);
        })
      );
    } finally {
      clearInterval(watch);
      this.#isDone = undefined;
    }
  }
}
