import { readFileSync } from 'node:fs';
import { shown, type Fault } from './configuration-error.js';
import type { EnvironmentVariables } from './environment-variables.js';
import { toTlsFiles } from './map-configuration.js';
import { readTlsFiles } from './tls-files.js';

const FILES = [
  'REVERB_TLS_CERT',
  'REVERB_TLS_KEY',
  'REVERB_TLS_CA',
  'REVERB_APPS_FILE',
  'REVERB_REDIS_TLS_CA',
  'REVERB_REDIS_TLS_CERT',
  'REVERB_REDIS_TLS_KEY',
] as const;

/** Variables that name a file which cannot be read, and a certificate that cannot be used. */
export function fileFaults(variables: EnvironmentVariables): Fault[] {
  const faults = FILES.flatMap((variable) => {
    const path = variables[variable];
    const code = path === undefined ? undefined : readingErrorOf(path);
    if (code === undefined) return [];
    return [{ variable, complaint: `got ${shown(path)}; wants a file that can be read (${code})` }];
  });
  const tls = toTlsFiles(variables);
  return faults.length > 0 || tls === undefined ? faults : certificateFaults(tls);
}

function certificateFaults(tls: NonNullable<ReturnType<typeof toTlsFiles>>): Fault[] {
  try {
    readTlsFiles(tls);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const complaint = `wants a PEM certificate with the key that REVERB_TLS_KEY and REVERB_TLS_PASSPHRASE give (${reason})`;
    return [{ variable: 'REVERB_TLS_CERT', complaint }];
  }
}

/** The code of the error, or undefined when the file can be read. */
function readingErrorOf(path: string): string | undefined {
  try {
    readFileSync(path);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
