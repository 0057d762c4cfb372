import type { Connection } from '../connections/connection.js';

/** What a client says that it is, such as `js 8.4.0`. */
export const clientNameOf = ({ client }: Connection): string =>
  `${client.library} ${client.version}`;
