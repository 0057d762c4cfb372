import { withoutQuery } from './without-query.js';

describe('A URL is shown without what may be secret:', () => {
  it.each([
    ['https://example.com/hook?token=secret', 'https://example.com/hook'],
    ['https://example.com/hook#secret', 'https://example.com/hook'],
    ['https://user:secret@example.com:8443/a/b?c', 'https://example.com:8443/a/b'],
    ['http://127.0.0.1', 'http://127.0.0.1/'],
    ['', ''],
    ['not a URL with a secret', ''],
  ])('%j', (url, shown) => expect(withoutQuery(url)).toBe(shown));
});
