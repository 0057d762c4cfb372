/*
 * What the server takes and what it cuts, where the page has to know.
 */

/** Characters of a payload that is shown. */
export const MAX_SHOWN_DATA = 4096;
/** Channels that a record names. */
export const MAX_RECORD_CHANNELS = 100;
/** Characters of each text of a filter. */
export const MAX_FILTER_TEXT = 250;
/** Watches of a page. */
export const MAX_PAGE_WATCHES = 8;
/** Watches that one request ends. */
export const MAX_ENDED_WATCHES = 64;
/** Characters of the name of who signs in. */
export const MAX_NAME_LENGTH = 80;
