import { createCredentials, hasCredentials, withCredentials } from './credentials.js';

const CREDENTIALS = { id: '1', key: 'k', secret: 's' };
const LINES = 'REVERB_APP_ID=1\nREVERB_APP_KEY=k\nREVERB_APP_SECRET=s\n';

describe('New credentials', () => {
  it('have a numeric id, a key of 20 and a secret of 40 characters', () => {
    const { id, key, secret } = createCredentials();
    expect(id).toMatch(/^[1-9]\d{5}$/);
    expect(key).toMatch(/^[a-z0-9]{20}$/);
    expect(secret).toMatch(/^[a-z0-9]{40}$/);
  });

  it('are never the same', () => expect(createCredentials()).not.toEqual(createCredentials()));
});

describe('A .env file', () => {
  it.each([
    ['', LINES],
    ['A=1\n', `A=1\n\n${LINES}`],
    ['A=1', `A=1\n\n${LINES}`],
    [
      'A=1\nREVERB_APP_ID=\nB=2\n',
      'A=1\nREVERB_APP_ID=1\nB=2\n\nREVERB_APP_KEY=k\nREVERB_APP_SECRET=s\n',
    ],
    [
      'export REVERB_APP_ID = "9" # nine\r\nREVERB_APP_KEY=9\r\nREVERB_APP_SECRET=9\r\n',
      'export REVERB_APP_ID =1\r\nREVERB_APP_KEY=k\r\nREVERB_APP_SECRET=s\r\n',
    ],
    [
      '# REVERB_APP_ID=\nVITE_REVERB_APP_KEY=x\n',
      `# REVERB_APP_ID=\nVITE_REVERB_APP_KEY=x\n\n${LINES}`,
    ],
  ])('%j becomes %j', (before, after) => expect(withCredentials(before, CREDENTIALS)).toBe(after));

  it.each(['REVERB_APP_ID=1', 'A=1\nREVERB_APP_SECRET="s"', ' export REVERB_APP_KEY = k'])(
    'has credentials when it says %j',
    (content) => expect(hasCredentials(content)).toBe(true),
  );

  it.each([
    '',
    'REVERB_APP_ID=',
    'REVERB_APP_ID=\nREVERB_APP_KEY=\n',
    'REVERB_APP_ID= # none',
    '# REVERB_APP_ID=1',
    'REVERB_APP_PING_INTERVAL=1',
    'VITE_REVERB_APP_KEY=x',
  ])('has none when it says %j', (content) => expect(hasCredentials(content)).toBe(false));
});
