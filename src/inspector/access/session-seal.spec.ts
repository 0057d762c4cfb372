import { keyFor, masterKeyOf, SessionSeal } from './session-seal.js';

const OPTIONS = { enabled: true, path: '/inspector', payloads: false, sessionSeconds: 60 };
const PASSWORD = 'correct horse battery';
const NOW_MS = 1_700_000_000_000;

const sealOf = (password = PASSWORD) => new SessionSeal(masterKeyOf({ ...OPTIONS, password }));
const seal = sealOf();
const ticket = seal.issue('Ann', NOW_MS + 1000);
const value = seal.seal(ticket);
const header = `${seal.cookieName}=${value}`;

describe('A session', () => {
  it('is what its cookie says, until it expires', () => {
    expect(seal.open(header, NOW_MS)).toEqual(ticket);
    expect(seal.open(header, NOW_MS + 999)).toEqual(ticket);
    expect(seal.open(header, NOW_MS + 1000)).toBeUndefined();
  });

  it('holds wherever the secrets are the same, and nowhere else', () => {
    expect(sealOf().open(header, NOW_MS)).toEqual(ticket);
    const other = sealOf('another password');
    expect(other.cookieName).not.toBe(seal.cookieName);
    expect(other.open(header, NOW_MS)).toBeUndefined();
    expect(other.open(`${other.cookieName}=${value}`, NOW_MS)).toBeUndefined();
  });

  it('is found among other cookies, and behind one that is not good', () => {
    const others = `a=b; ${header}x; other="x; y"; ${seal.cookieName}=; ${header}; c=d`;
    expect(seal.open(others, NOW_MS)).toEqual(ticket);
  });

  it.each([
    ['name', { ...ticket, name: 'Bob' }],
    ['time', { ...ticket, expiresAtMs: NOW_MS + 9_000_000 }],
  ])('has a %s that nobody can change', (_, changed) => {
    const [, mac] = value.split('.');
    const content = Buffer.from(JSON.stringify(changed)).toString('base64url');
    expect(seal.open(`${seal.cookieName}=${content}.${mac}`, NOW_MS)).toBeUndefined();
  });

  it('is gone with any change of its cookie', () => {
    for (let i = 0; i < value.length; i++) {
      const other = value[i] === 'A' ? 'B' : 'A';
      const changed = value.slice(0, i) + other + value.slice(i + 1);
      expect(seal.open(`${seal.cookieName}=${changed}`, NOW_MS)).toBeUndefined();
    }
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['separators', ';;;=;=='],
    ['a cookie without a value', seal.cookieName],
    ['a value without a mark', `${seal.cookieName}=${value.split('.')[0]}`],
    ['a mark without a value', `${seal.cookieName}=.${value.split('.')[1]}`],
    ['something else', `${seal.cookieName}=e30.e30`],
    ['letters of other kinds', `${seal.cookieName}=ü.\0\uD800`],
    ['very much', `${seal.cookieName}=${'.'.repeat(1_000_000)}`],
    ['another name', `x${header}`],
  ])('is not in %s', (_, cookies) => expect(seal.open(cookies, NOW_MS)).toBeUndefined());

  it('fits into a cookie, whatever the name', () => {
    const strange = seal.issue('ü;"\\ \uD83D\uDE00'.repeat(10), NOW_MS + 1);
    const sealed = seal.seal(strange);
    expect(sealed).toMatch(/^[\w-]+\.[\w-]+$/);
    expect(sealed.length).toBeLessThan(1000);
    expect(seal.open(`${seal.cookieName}=${sealed}`, NOW_MS)).toEqual(strange);
  });
});

describe('What shows that the page sent a request', () => {
  it('is the same for one session on each node, and another for any other', () => {
    const csrf = sealOf().csrfOf(ticket);
    expect(seal.isCsrfOf(ticket, csrf)).toBe(true);
    const again = seal.issue(ticket.name, ticket.expiresAtMs);
    expect(seal.isCsrfOf(again, csrf)).toBe(false);
    expect(sealOf('another password').isCsrfOf(ticket, csrf)).toBe(false);
  });

  it.each(['', 'x', value, ticket.nonce, `${seal.csrfOf(ticket)} `, '\0'])(
    'is nothing else: %j',
    (given) => expect(seal.isCsrfOf(ticket, given)).toBe(false),
  );

  it('does not stand in the cookie', () => expect(header).not.toContain(seal.csrfOf(ticket)));
});

describe('The keys', () => {
  it('depend on both secrets, and on which is which', () => {
    const keys = [
      masterKeyOf({ ...OPTIONS, password: 'a', token: 'b' }),
      masterKeyOf({ ...OPTIONS, password: 'b', token: 'a' }),
      masterKeyOf({ ...OPTIONS, password: 'a' }),
      masterKeyOf({ ...OPTIONS, token: 'a' }),
    ].map((key) => key.toString('hex'));
    expect(new Set(keys).size).toBe(4);
  });

  it('are others for each purpose', () => {
    const masterKey = Buffer.alloc(32, 1);
    expect(keyFor(masterKey, 'feed')).toEqual(keyFor(masterKey, 'feed'));
    expect(keyFor(masterKey, 'feed')).not.toEqual(keyFor(masterKey, 'csrf'));
    expect(keyFor(masterKey, 'feed')).toHaveLength(32);
  });
});
