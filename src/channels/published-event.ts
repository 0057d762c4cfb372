/** An event of a backend. */
export interface PublishedEvent {
  readonly name: string;
  /** Passed on as the string it is. */
  readonly data: string;
  /** Each channel gets it once, however often it is named. */
  readonly channels: readonly string[];
  /** The connection that does not get it. */
  readonly exceptSocketId?: string | undefined;
}
