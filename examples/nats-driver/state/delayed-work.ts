/** Work that is done a moment after it was asked for, once, however often that was. */
export class DelayedWork {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly delayMs: number,
    private readonly work: () => void,
  ) {}

  soon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.work();
    }, this.delayMs).unref();
  }

  /** It need not be done any more. */
  callOff(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
