/** The directory that a page is served from, with its slash: `/prefix/inspector/`. */
export function directoryOf(pathname: string): string {
  return pathname.slice(0, pathname.lastIndexOf('/') + 1);
}

/** The path of an API, below the directory of the page; every part is encoded. */
export function apiPath(directory: string, ...parts: readonly string[]): string {
  return `${directory}api/${parts.map(encodeURIComponent).join('/')}`;
}
