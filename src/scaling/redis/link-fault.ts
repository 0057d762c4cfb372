import { isNativeError } from 'node:util/types';

/** What a server, or the client for it, says when it cannot be worked with, whatever the command was. */
const FAULT =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|MOVED|NOREPLICAS|MISCONF|OOM|NOAUTH|NOPERM|WRONGPASS|NOSCRIPT|BUSY|UNKILLABLE|Too many Cluster redirections|Stream isn't writeable|Connection is closed)\b/;

/** Whether the answer to a command says that Redis cannot be worked with, and not that the command was wrong. */
export function isLinkFault(error: unknown): error is Error {
  return isNativeError(error) && FAULT.test(error.message);
}

const PASSWORD = 'set REDIS_USERNAME and REDIS_PASSWORD to what it expects';
const AUTHORITY =
  'the certificate of Redis is not signed by an authority that is trusted here: name the right one in REVERB_REDIS_TLS_CA';
const NOT_TLS =
  'it does not speak TLS on this port: use redis:// without TLS files, or its TLS port';

/** By code of the system or of OpenSSL. */
const SENTENCES_BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'the host is out of reach',
  ENETUNREACH: 'the network is out of reach',
  ECONNRESET: 'it broke the connection off',
  ENOTFOUND: 'the name of the host is unknown: check REDIS_HOST or REDIS_URL',
  EAI_AGAIN: 'the name of the host cannot be looked up for the moment',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of Redis is for another host than the one named',
  CERT_HAS_EXPIRED: 'the certificate of Redis has expired',
  CERT_NOT_YET_VALID: 'the certificate of Redis is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: AUTHORITY,
  CERT_SIGNATURE_FAILURE: AUTHORITY,
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
};

/** How two ends part of which one speaks TLS. */
const SPEECHLESS = /^(ETIMEDOUT|ECONNRESET|EPIPE)|closed|does not answer/i;

/** By the first word of what Redis answers. */
const SENTENCES_BY_REPLY: Readonly<Record<string, string>> = {
  WRONGPASS: `it refuses the user or the password: ${PASSWORD}`,
  NOAUTH: `it wants a password: ${PASSWORD}`,
  LOADING: 'it is still loading its data',
  READONLY: 'it is a replica, which takes no writes: name the master, or the sentinels',
  MASTERDOWN: 'it is a replica that has lost its master',
  CLUSTERDOWN: 'the Cluster does not serve all its slots',
  MOVED: 'it is one node of a Redis Cluster: set REVERB_SCALING_DRIVER=redis-cluster',
  NOREPLICAS: 'it takes no writes as long as it has too few replicas',
  MISCONF: 'it takes no writes because it cannot save its data',
  OOM: 'it has no memory left: raise its maxmemory',
  NOSCRIPT: 'it has forgotten its scripts',
  BUSY: 'it is busy with a script',
};

/** What a sentence about Redis needs to know besides the fault. */
export interface FaultContext {
  /** Prefix of topics and keys. */
  readonly prefix: string;
  readonly isTls: boolean;
  /** It has never worked, so that something may be set wrongly. */
  readonly isNew: boolean;
}

/** Why Redis cannot be worked with, and what to do about it, to complete a sentence. Never a secret. */
export function describeFault(error: Error, { prefix, isTls, isNew }: FaultContext): string {
  const code = codeOf(error);
  const reply = /^[A-Z]+\b/.exec(error.message)?.[0] ?? '';
  if (reply === 'NOPERM') return describePermission(error.message, prefix);
  const sentence =
    (SENTENCES_BY_CODE[code] ?? SENTENCES_BY_REPLY[reply] ?? error.message.replace(/\.+$/, '')) +
    describeAddress(error);
  if (!isNew || !SPEECHLESS.test(`${code} ${error.message}`)) return sentence || error.name;
  return `${sentence} (${isTls ? 'does it speak TLS on this port?' : 'does it want TLS, rediss://?'})`;
}

function describePermission(message: string, prefix: string): string {
  return `its user may not do what is needed (${message}): its ACL has to allow ~${prefix}:* and &${prefix}:*, and the commands`;
}

/** Not always the one that was asked for first: sentinels and Clusters name others. */
function describeAddress(error: Error): string {
  const { address, port } = error as { address?: string; port?: number };
  return address === undefined || port === undefined ? '' : ` at ${address} port ${port}`;
}

/** A host with several addresses fails with one error for each. */
function codeOf(error: Error): string {
  const { code, errors } = error as NodeJS.ErrnoException & { errors?: readonly Error[] };
  return code ?? (errors?.[0] ? codeOf(errors[0]) : '');
}
