import { isOriginAllowed } from './origin.js';

const GOOD = 'https://good.example';

describe('An origin is allowed', () => {
  it.each<[string | undefined, string[]]>([
    [undefined, ['*']],
    ['null', ['*']],
    ['nonsense', ['good.example', '*']],
    [GOOD, ['good.example']],
    [GOOD, ['GOOD.Example']],
    ['HTTPS://GOOD.EXAMPLE', ['good.example']],
    [GOOD, ['other.example', ' good.example ']],
    [GOOD, ['https://good.example']],
    [GOOD, ['https://good.example/']],
    [GOOD, ['https://good.example:443']],
    [GOOD, ['good.example:443']],
    [`${GOOD}:8443`, ['good.example']],
    [`${GOOD}:8443`, ['good.example:8443']],
    [`${GOOD}:8443`, ['https://good.example:*']],
    ['http://good.example:80', ['http://good.example']],
    ['ws://good.example', ['ws://good.example:80']],
    ['wss://good.example', ['wss://good.example']],
    ['https://a.good.example', ['*.good.example']],
    ['https://a.b.good.example', ['https://*.good.example']],
    ['https://shop-7.good.example', ['shop-*.good.*']],
    ['https://anything.at.all', ['https://*']],
    ['http://127.0.0.1:5173', ['127.0.0.1']],
    ['http://[::1]:5173', ['[::1]:5173']],
    ['capacitor://localhost', ['capacitor://localhost']],
    ['chrome-extension://abcdefgh', ['abcdefgh']],
    [`https://${'a.'.repeat(120)}good.example`, ['*.good.example']],
  ])('%s by %j', (origin, allowed) => {
    expect(isOriginAllowed(origin, allowed)).toBe(true);
  });
});

describe('An origin is refused', () => {
  it.each<[string | undefined, string[]]>([
    [GOOD, []],
    [undefined, ['good.example']],
    ['', ['good.example']],
    ['null', ['good.example', 'null']],
    ['good.example', ['good.example']],
    ['//good.example', ['good.example']],
    ['https://', ['good.example']],
    ['file:///etc/passwd', ['*.example', '']],
    ['data:text/html,good.example', ['good.example']],
    ['https://a.good.example', ['good.example']],
    [GOOD, ['*.good.example']],
    ['https://evilgood.example', ['*.good.example', 'good.example']],
    ['https://good.example.evil.example', ['good.example', '*.good.example']],
    ['https://evil.example/good.example', ['good.example', '*good.example']],
    ['https://evil.example?good.example', ['*good.example']],
    ['https://evil.example#.good.example', ['*.good.example']],
    ['https://good.example@evil.example', ['good.example*']],
    ['https://good.example:pass@evil.example', ['good.example']],
    ['https://goodxexample', ['good.example']],
    ['http://good.example', ['https://good.example']],
    ['wss://good.example', ['https://good.example']],
    [`${GOOD}:8443`, ['https://good.example', 'good.example:443', 'good.example:844']],
    [GOOD, ['good.example:80', 'http://*', 'https://*:8443']],
    [GOOD, ['https://good.example/path', 'https//good.example', 'ht!tp://good.example']],
    [GOOD, ['(.*)', '[a-z.]+', 'good?example', '.', '^good.example$', 'good\\.example']],
    ['http://[::2]', ['[::1]', '::2']],
  ])('%s by %j', (origin, allowed) => {
    expect(isOriginAllowed(origin, allowed)).toBe(false);
  });

  it('quickly, however long it is', () => {
    const startMs = performance.now();
    const origin = `https://${'a.'.repeat(8_000)}good.example`;
    expect(isOriginAllowed(origin, ['*.a.*.a.*.a.*.better.example', '*.good.example'])).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });
});
