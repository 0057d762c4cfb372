const MAX_LENGTH = 500;

/** A text that strangers may have written, cut to a length that can be shown. */
export const shortText = (text: string): string => text.slice(0, MAX_LENGTH);
