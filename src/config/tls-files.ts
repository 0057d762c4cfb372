import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { Logger } from '@nestjs/common';
import type { TlsFiles } from './server-configuration.js';
import { watchFiles } from './watch-files.js';

/** The part of `https.Server` that can change its certificate. */
export interface SecureServer {
  setSecureContext(options: SecureContextOptions): void;
}

/**
 * Reads the files into options for `https.createServer`.
 * @throws Error when a file cannot be read, is not PEM, or the key is not that of the certificate.
 */
export function readTlsFiles(files: TlsFiles): SecureContextOptions {
  const options = readContents(files);
  createSecureContext(options);
  return options;
}

/**
 * Gives a running server the new certificate whenever one of its files changes. Open connections
 * keep theirs. A certificate that cannot be used is logged once, and the old one stays.
 * @param options.loaded what the server runs with; what is in the files now, unless given
 * @returns the function that stops it
 */
export function watchTlsFiles(
  server: SecureServer,
  files: TlsFiles,
  options: { readonly loaded?: SecureContextOptions; readonly intervalMs?: number } = {},
): () => void {
  const logger = new Logger('Tls');
  let last = options.loaded ? fingerprintOf(options.loaded) : look(files).fingerprint;
  const replace = () => {
    const { fingerprint, read } = look(files);
    if (fingerprint === last) return;
    last = fingerprint;
    try {
      server.setSecureContext(read());
      logger.log('The certificate was replaced.', { cert: files.cert });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.error('The new certificate cannot be used; the old one stays.', { ...paths, reason });
    }
  };
  const { passphrase: _, ...paths } = files;
  return watchFiles(replace, options.intervalMs);
}

function readContents(files: TlsFiles): SecureContextOptions {
  return {
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ca: files.ca === undefined ? undefined : readFileSync(files.ca),
    passphrase: files.passphrase,
  };
}

function fingerprintOf({ cert, key, ca }: SecureContextOptions): string {
  return [cert, key, ca].map(String).join('\n');
}

/** What is in the files now, without judging it. */
function look(files: TlsFiles): { fingerprint: string; read: () => SecureContextOptions } {
  try {
    return { fingerprint: fingerprintOf(readContents(files)), read: () => readTlsFiles(files) };
  } catch (error) {
    return { fingerprint: String(error), read: () => readTlsFiles(files) };
  }
}
