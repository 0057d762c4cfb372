/** Characters of a payload that is shown. */
export const MAX_SHOWN_DATA = 4096;
