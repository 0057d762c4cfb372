/** The server cannot take a publish now; nothing of it was delivered. It may be tried again in a second. */
export class OverloadError extends Error {}
