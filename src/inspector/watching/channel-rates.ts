/** Counted in two halves, so that a rate is always over more than half of this. */
const WINDOW_MS = 10_000;
/** Channels that are counted in one half of a window. */
const MAX_CHANNELS = 20_000;

type Counts = Map<string, Map<string, number>>;

/** How many events the channels of applications get, while somebody watches. */
export class ChannelRates {
  private former: Counts = new Map();
  private current: Counts = new Map();
  private channels = 0;
  private startedMs: number;
  private beganMs: number;

  constructor(nowMs: number) {
    this.startedMs = this.beganMs = nowMs;
  }

  count(appId: string, channel: string): void {
    let counts = this.current.get(appId);
    if (counts === undefined) this.current.set(appId, (counts = new Map()));
    const count = counts.get(channel);
    if (count === undefined) {
      if (this.channels >= MAX_CHANNELS) return;
      this.channels++;
    }
    counts.set(channel, (count ?? 0) + 1);
  }

  /** To be called now and then: what is older than the window counts no more. */
  advance(nowMs: number): void {
    if (nowMs - this.beganMs < WINDOW_MS / 2) return;
    this.former = this.current;
    this.current = new Map();
    this.channels = 0;
    this.startedMs = this.beganMs;
    this.beganMs = nowMs;
  }

  /** Events a second, of the channels of an application that got any. */
  of(appId: string, nowMs: number): Map<string, number> {
    const seconds = Math.max(1, (nowMs - this.startedMs) / 1000);
    const rates = new Map<string, number>();
    for (const counts of [this.former, this.current]) {
      for (const [channel, count] of counts.get(appId) ?? []) {
        rates.set(channel, (rates.get(channel) ?? 0) + count / seconds);
      }
    }
    return rates;
  }
}
