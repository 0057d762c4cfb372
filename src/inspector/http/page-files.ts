import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** A file of the page, as it is sent. */
export interface PageFile {
  readonly contentType: string;
  readonly content: Buffer;
  readonly compressed: Buffer;
  readonly etag: string;
  /** Its name changes with its content. */
  readonly isImmutable: boolean;
}

/** Where the build puts the page: this code runs from `dist` or, in tests, from `src`. */
const FOLDER = fileURLToPath(new URL('../../../dist/inspector-page', import.meta.url));

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads all files of the page, by their path below it. They are few and small, and what is in memory no
 * request can lead astray.
 * @throws Error when the page was not built
 */
export function readPageFiles(folder = FOLDER): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const contentType = CONTENT_TYPES[extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const content = readFileSync(path);
    const relative = path.slice(folder.length).replaceAll('\\', '/');
    files.set(relative, {
      contentType,
      content,
      compressed: gzipSync(content),
      etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
      isImmutable: relative.startsWith('/assets/'),
    });
  }
  return files;
}
