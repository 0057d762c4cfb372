/** A new id of a watch. Works on pages without TLS as well, where `randomUUID` is not there. */
export function newWatchId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The channel on which the records of a watch come. */
export function channelOfWatch(id: string): string {
  return `private-inspector-${id}`;
}
