import { parseEnvFile } from './env-file.js';

describe('A .env file', () => {
  it('replaces ${NAME} by the environment, else by a line further up, else not at all', () => {
    const content = 'A=file\nB=file\nC="${A}-${B}-${D}"\nD=${C}';
    expect(parseEnvFile(content, { A: 'environment' })).toEqual({
      A: 'file',
      B: 'file',
      C: 'environment-file-${D}',
      D: 'environment-file-${D}',
    });
  });

  it('leaves single quotes, escapes and bare dollars alone', () =>
    expect(parseEnvFile(`A=1\nB='\${A}'\nC="\\\${A}"\nD=pa$A$$word`, {})).toEqual({
      A: '1',
      B: '${A}',
      C: '${A}',
      D: 'pa$A$$word',
    }));

  it('holds JSON in single quotes', () =>
    expect(parseEnvFile(`REVERB_APPS='[{"app_id":"1"}]' # one`, {})).toEqual({
      REVERB_APPS: '[{"app_id":"1"}]',
    }));

  it('does not reach into prototypes', () =>
    expect(parseEnvFile('A=${constructor}${__proto__}', {})).toEqual({
      A: '${constructor}${__proto__}',
    }));
});
