/**
 * Users whose last connection is gone, but who are not said to be offline yet; places alike. Graces may
 * differ in length.
 */
export class UserGraces {
  private readonly applications = new Map<string, Map<string, Grace>>();

  /** Calls `end` when the grace is over. One that lasts already begins anew. */
  begin(appId: string, userId: string, lengthMs: number, end: () => void): void {
    this.callOff(appId, userId);
    const endNow = () => {
      this.callOff(appId, userId);
      end();
    };
    const timer = setTimeout(endNow, lengthMs).unref();
    let users = this.applications.get(appId);
    if (users === undefined) this.applications.set(appId, (users = new Map()));
    users.set(userId, { dueMs: performance.now() + lengthMs, timer, endNow });
  }

  /** @returns whether there was one to call off */
  callOff(appId: string, userId: string): boolean {
    const grace = this.applications.get(appId)?.get(userId);
    if (grace === undefined) return false;
    clearTimeout(grace.timer);
    this.forget(appId, userId);
    return true;
  }

  has(appId: string, userId: string): boolean {
    return this.applications.get(appId)?.has(userId) ?? false;
  }

  /** Milliseconds until the user is offline, 0 if it is in no grace. */
  remainingMs(appId: string, userId: string): number {
    const grace = this.applications.get(appId)?.get(userId);
    return grace === undefined ? 0 : Math.max(1, Math.ceil(grace.dueMs - performance.now()));
  }

  /** The users of an application who are in a grace. */
  of(appId: string): readonly string[] {
    return [...(this.applications.get(appId)?.keys() ?? [])];
  }

  /** Ends all of them at once. */
  endAll(): void {
    for (const users of this.applications.values()) {
      for (const { endNow } of users.values()) endNow();
    }
  }

  /** Calls all of them off. */
  clear(): void {
    for (const users of this.applications.values()) {
      for (const { timer } of users.values()) clearTimeout(timer);
    }
    this.applications.clear();
  }

  private forget(appId: string, userId: string): void {
    const users = this.applications.get(appId);
    users?.delete(userId);
    if (users?.size === 0) this.applications.delete(appId);
  }
}

/** The time a user has to come back. */
interface Grace {
  readonly dueMs: number;
  readonly timer: NodeJS.Timeout;
  readonly endNow: () => void;
}
