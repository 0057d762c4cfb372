import { announcementOf, bannerOf, endpointsOf } from './banner.js';
import { loadConfiguration } from './config/load-configuration.js';

type Variables = Readonly<Record<string, string>>;

const PASSWORD = { REVERB_INSPECTOR_PASSWORD: 'a-secret-of-mine' };
const TOKEN = { REVERB_INSPECTOR_TOKEN: 'a-secret-of-mine' };
const APPLICATION = { REVERB_APP_ID: '1', REVERB_APP_KEY: 'k', REVERB_APP_SECRET: 's' };

/** What is announced of a server of these variables on port 1234, and how that looks. */
function announced(env: Variables) {
  const { configuration } = loadConfiguration({ env, envFilePath: null });
  const endpoints = endpointsOf(configuration, 1234);
  const { applications } = configuration;
  const announcement = announcementOf(configuration, applications, endpoints.public, 1);
  return { configuration, announcement, banner: bannerOf(announcement, endpoints, '1.0.0') };
}

/** The line of the inspector, if there is one. */
const lineOf = (banner: string) => /^ {2}Inspector {5}(.*)$/m.exec(banner)?.[1];

describe('The command to try', () => {
  it.each<[Variables, string]>([
    [{}, 'http://127.0.0.1:1234'],
    [{ REVERB_SERVER_PATH: '/reverb' }, 'http://127.0.0.1:1234/reverb'],
    [{ ...APPLICATION, REVERB_HOST: 'a.test' }, 'http://127.0.0.1:1234'],
    [{ ...APPLICATION, REVERB_SERVER_HOST: '::' }, 'http://[::1]:1234'],
  ])('reaches this very server on this machine, with %j', (env, url) => {
    const command = `npx revurb events:trigger --url '${url}' hello greeting '{"text":"Hello"}'`;
    expect(announced(env).banner).toContain(command);
  });
});

describe('The announcement of the inspector', () => {
  it('has the token that was made up for this start', () => {
    const { configuration, announcement, banner } = announced({ REVERB_SERVER_PATH: '/reverb' });
    const { token } = configuration.inspector;
    const url = `http://127.0.0.1:1234/reverb/inspector/#token=${token}`;
    expect(announcement.inspectorUrl).toBe(url);
    expect(lineOf(banner)).toBe(url);
  });

  it.each<Variables>([PASSWORD, TOKEN])('has no secret that was given: %j', (secret) => {
    const { announcement, banner } = announced(secret);
    expect(announcement.inspectorUrl).toBe('http://127.0.0.1:1234/inspector/');
    expect(lineOf(banner)).toBe('http://127.0.0.1:1234/inspector/');
    expect(JSON.stringify(announcement)).not.toContain('a-secret-of-mine');
  });

  it('has the public name', () => {
    const env = {
      ...APPLICATION,
      ...PASSWORD,
      REVERB_INSPECTOR_ENABLED: '1',
      REVERB_HOST: 'a.test',
    };
    expect(lineOf(announced(env).banner)).toBe('http://a.test:1234/inspector/');
  });

  it.each<[Variables, string]>([
    [{}, 'off, needs REVERB_INSPECTOR_ENABLED=true and REVERB_INSPECTOR_PASSWORD'],
    [PASSWORD, 'off, needs REVERB_INSPECTOR_ENABLED=true'],
    [TOKEN, 'off, needs REVERB_INSPECTOR_ENABLED=true'],
  ])('says what it needs where other machines reach the server: %j', (env, line) => {
    const { announcement, banner } = announced({ ...APPLICATION, ...env } as Record<
      string,
      string
    >);
    expect(lineOf(banner)).toBe(line);
    expect(announcement).not.toHaveProperty('inspectorUrl');
  });

  it.each<Variables>([{ NODE_ENV: 'production' }, { REVERB_INSPECTOR_ENABLED: 'false' }])(
    'is not made with %j',
    (env) => {
      const { announcement, banner } = announced({ ...APPLICATION, ...env } as Record<
        string,
        string
      >);
      expect(lineOf(banner)).toBeUndefined();
      expect(Object.keys(announcement)).not.toContainEqual(expect.stringMatching(/^inspector/));
    },
  );
});
