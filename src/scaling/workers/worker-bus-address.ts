/** Where the processes of one server on one machine meet, and what lets them in. */
export interface WorkerBusAddress {
  /** Path of a Unix socket. */
  readonly path: string;
  /** Proves that whoever connects was told by the supervisor. Never logged. */
  readonly token: string;
}
