import type { RecordKind, WatchFilter } from '../contract.js';

/** A filter, as it is typed. */
export interface FilterFields {
  readonly kinds: readonly RecordKind[];
  readonly channel: string;
  readonly event: string;
  readonly userId: string;
  readonly socketId: string;
}

/** Asks for everything. */
export const NO_FILTER: FilterFields = {
  kinds: [],
  channel: '',
  event: '',
  userId: '',
  socketId: '',
};

/** What the server is asked for: without what is empty. */
export function watchFilterOf(fields: FilterFields, appId: string): WatchFilter {
  const { kinds, channel, event, userId, socketId } = fields;
  return {
    ...(appId !== '' && { appId }),
    ...(kinds.length > 0 && { kinds }),
    ...(channel.trim() !== '' && { channel: channel.trim() }),
    ...(event.trim() !== '' && { event: event.trim() }),
    ...(userId.trim() !== '' && { userId: userId.trim() }),
    ...(socketId.trim() !== '' && { socketId: socketId.trim() }),
  };
}

/** Whether a filter asks for everything. */
export function isEmptyFilter(fields: FilterFields): boolean {
  return Object.keys(watchFilterOf(fields, '')).length === 0;
}
