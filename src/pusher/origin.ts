const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'ws:': '80',
  'https:': '443',
  'wss:': '443',
};

/** Of a host name in DNS; wildcards would take their time with longer ones. */
const MAX_HOST_LENGTH = 253;

type OriginMatcher = (origin: URL) => boolean;

const matchers = new WeakMap<readonly string[], readonly OriginMatcher[]>();

/**
 * Whether a page of this origin may connect. `*` lets everybody in, those without an origin too;
 * else the host must match an entry, and scheme and port as well where the entry names them.
 */
export function isOriginAllowed(
  origin: string | undefined,
  allowedOrigins: readonly string[],
): boolean {
  if (allowedOrigins.includes('*')) return true;
  if (origin === undefined || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (url.hostname === '' || url.hostname.length > MAX_HOST_LENGTH) return false;
  let compiled = matchers.get(allowedOrigins);
  if (compiled === undefined) {
    matchers.set(allowedOrigins, (compiled = allowedOrigins.map(compile)));
  }
  return compiled.some((matches) => matches(url));
}

function compile(entry: string): OriginMatcher {
  const parts = /^(?:([a-z][a-z0-9+.-]*:)\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+|\*))?\/?$/.exec(
    entry.trim().toLowerCase(),
  );
  if (parts === null) return () => false;
  const [, scheme, host = '', port = scheme === undefined ? undefined : DEFAULT_PORTS[scheme]] =
    parts;
  const pattern = new RegExp(`^${host.split('*').map(escapeRegExp).join('.*')}$`);
  return (origin) =>
    pattern.test(origin.hostname.toLowerCase()) &&
    (scheme === undefined || scheme === origin.protocol) &&
    (port === undefined || port === '*' || port === portOf(origin));
}

function portOf(url: URL): string | undefined {
  return url.port === '' ? DEFAULT_PORTS[url.protocol] : url.port;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
