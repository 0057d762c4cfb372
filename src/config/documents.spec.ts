import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { DEFAULT_APPLICATION_SETTINGS } from '../applications/application.js';
import { parseApplications } from './application-entries.js';
import { asText } from './describe-variables.js';
import { parseEnvFile } from './env-file.js';
import { EnvironmentVariables } from './environment-variables.js';
import { validateEnvironment } from './validate-environment.js';
import { variablesOf, type VariableDefinition } from './variable.js';

// UPDATE_DOCUMENTS=1 writes what the documents should say: .env.example, and what stands between
// `<!-- variables -->` and `<!-- /variables -->` in docs/configuration.md and README.md.
const isUpdate = process.env.UPDATE_DOCUMENTS === '1';
const DEFINITIONS = variablesOf(EnvironmentVariables);
const MARKED = /(<!-- variables -->\n)([\s\S]*?)(<!-- \/variables -->)/;

function shownDefault(definition: VariableDefinition): string {
  const { default: value, defaultInWords } = definition;
  if (defaultInWords !== undefined) return defaultInWords;
  if (value === undefined) return 'none';
  return value === '' ? 'empty' : `\`${asText(value)}\``;
}

function rowOf(definition: VariableDefinition): string[] {
  return [`\`${definition.name}\``, shownDefault(definition), definition.description];
}

/** As Prettier would have it. */
function table(definitions: readonly VariableDefinition[]): string {
  const rows = [['Variable', 'Default', 'Meaning'], ...definitions.map(rowOf)];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [head, ...body] = rows.map(line);
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}

function groups(): [string, VariableDefinition[]][] {
  const names = [...new Set(DEFINITIONS.map(({ group }) => group))];
  return names.map((name) => [name, DEFINITIONS.filter(({ group }) => group === name)]);
}

function tables(): string {
  return groups()
    .map(([name, definitions]) => `\n### ${name}\n\n${table(definitions)}\n`)
    .concat('\n')
    .join('');
}

function example(): string {
  const head =
    '# Every variable with its default. Copy this file to .env and uncomment what you change.\n' +
    '# `revurb install` writes the three of an application of your own.\n';
  const entry = ({ name, description, default: value, defaultInWords }: VariableDefinition) => {
    const words = defaultInWords === undefined ? '' : ` Default: ${defaultInWords}.`;
    return `# ${description}${words}\n# ${name}=${value === undefined ? '' : asText(value)}\n`;
  };
  return [
    head,
    ...groups().map(
      ([name, definitions]) => `\n## ${name}\n\n${definitions.map(entry).join('\n')}`,
    ),
  ].join('');
}

function documentOf(path: string, content: string): string {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (isUpdate && before !== '') writeFileSync(path, before.replace(MARKED, `$1${content}$3`));
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Name and default of every row that is about a variable. */
function namesAndDefaults(markdown: string): string[][] {
  return [...markdown.matchAll(/^\| *(`[A-Z0-9_]+`) *\| *(.*?) *\|/gm)].map((match) =>
    match.slice(1),
  );
}

describe('.env.example', () => {
  if (isUpdate) writeFileSync('.env.example', example());
  const content = readFileSync('.env.example', 'utf8');

  it('lists every variable with its default and an explanation', () =>
    expect(content).toBe(example()));

  it('works as it is: nothing in it is in force', () =>
    expect(parseEnvFile(content, {})).toEqual({}));

  it('says the truth: uncommented, it changes nothing', () => {
    const uncommented = parseEnvFile(content.replace(/^# (?=[A-Z0-9_]+=)/gm, ''), {});
    expect(Object.keys(uncommented)).toEqual(DEFINITIONS.map(({ name }) => name));
    expect(validateEnvironment(uncommented)).toEqual(validateEnvironment({}));
  });
});

describe('docs/configuration.md', () => {
  it('has every variable with its default and its meaning', () =>
    expect(MARKED.exec(documentOf('docs/configuration.md', tables()))?.[2]).toBe(tables()));

  it('shows an application that works, with the defaults', () => {
    const json = /```json\n([\s\S]*?)```/.exec(readFileSync('docs/configuration.md', 'utf8'))![1]!;
    const { faults, applications } = parseApplications(json, 'docs', DEFAULT_APPLICATION_SETTINGS);
    expect(faults).toEqual([]);
    expect(applications).toMatchObject([
      { ...DEFAULT_APPLICATION_SETTINGS, webhooks: [{ eventTypes: ['channel_occupied'] }] },
    ]);
  });
});

describe('README.md', () => {
  it('has every variable with its default', () =>
    expect(namesAndDefaults(documentOf('README.md', `\n${table(DEFINITIONS)}\n\n`))).toEqual(
      DEFINITIONS.map((definition) => rowOf(definition).slice(0, 2)),
    ));
});

describe('Every variable', () => {
  it('is explained in one sentence without a bar, which would break the tables', () => {
    for (const { name, description } of DEFINITIONS) {
      expect([name, /^[^|\n]{5,120}\.$/.test(description)]).toEqual([name, true]);
    }
  });
});
