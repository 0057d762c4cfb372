import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readPageFiles } from './page-files.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'revurb-page-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets', 'index-1.js'), 'one();');
  writeFileSync(join(folder, 'assets', 'index-2.css'), 'body{}');
  writeFileSync(join(folder, 'icon.svg'), '<svg/>');
  writeFileSync(join(folder, 'assets', 'index-1.js.map'), '{}');
  writeFileSync(join(folder, '.env'), 'SECRET=1');
  mkdirSync(join(folder, 'folder.js'));
  symlinkSync('/etc/passwd', join(folder, 'link.html'));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('The files of the page', () => {
  it('are those of a page, by their path, and nothing else', () => {
    const files = readPageFiles(folder);
    expect([...files.keys()].sort()).toEqual([
      '/assets/index-1.js',
      '/assets/index-2.css',
      '/icon.svg',
      '/index.html',
    ]);
    const types = [...files].map(([path, { contentType }]) => [path, contentType]);
    expect(Object.fromEntries(types)).toEqual({
      '/index.html': 'text/html; charset=utf-8',
      '/assets/index-1.js': 'text/javascript; charset=utf-8',
      '/assets/index-2.css': 'text/css; charset=utf-8',
      '/icon.svg': 'image/svg+xml',
    });
  });

  it('are kept for ever when their name changes with them, and else asked for again', () => {
    const isImmutable = [...readPageFiles(folder)].map(([path, file]) => [path, file.isImmutable]);
    expect(Object.fromEntries(isImmutable)).toEqual({
      '/index.html': false,
      '/assets/index-1.js': true,
      '/assets/index-2.css': true,
      '/icon.svg': false,
    });
  });

  it('are the bytes on the disk, compressed too, with a mark of their own', () => {
    const files = readPageFiles(folder);
    const { content, compressed } = files.get('/assets/index-1.js')!;
    expect(content.toString()).toBe('one();');
    expect(gunzipSync(compressed).toString()).toBe('one();');
    const etags = [...files.values()].map(({ etag }) => etag);
    expect(new Set(etags).size).toBe(4);
    for (const etag of etags) expect(etag).toMatch(/^"[\w-]{22}"$/);
    expect([...readPageFiles(folder).values()].map(({ etag }) => etag)).toEqual(etags);
  });

  it('have to be there', () => {
    expect(() => readPageFiles(join(folder, 'nothing'))).toThrow('ENOENT');
  });
});
