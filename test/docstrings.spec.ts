import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SOURCES = fileURLToPath(new URL('../src', import.meta.url));

/** What a statement declares, by name. */
function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = statement as ts.Statement & { name?: ts.Node };
  return [name?.getText() ?? 'default'];
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

/** A comment in front of it, or of another declaration of the same name, that says something. */
function hasDocstring(statement: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(statement).some((node) => /\w{2}/.test(node.getText()));
}

/** `name (file:line)` of all exports of a source without a docstring. */
function undocumented(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const documented = new Set(source.statements.filter(hasDocstring).flatMap(namesOf));
  return source.statements.filter(isExported).flatMap((statement) => {
    const line = source.getLineAndCharacterOfPosition(statement.getStart()).line + 1;
    const missing = namesOf(statement).filter((name) => !documented.has(name));
    return missing.map((name) => `${name} (${file}:${line})`);
  });
}

describe('every export of the source tree says what it promises', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'),
  );

  it('in a docstring', () => {
    expect(files.length).toBeGreaterThan(50);
    const missing = files
      .sort()
      .flatMap((file) => undocumented(file, readFileSync(`${SOURCES}/${file}`, 'utf8')));
    expect(missing).toEqual([]);
  });

  it.each([
    ['export class A {}', ['A']],
    ['export const a = 1, b = 2;', ['a', 'b']],
    ['export type A = 1;\nexport interface B {}', ['A', 'B']],
    ['// A note.\nexport function a() {}', ['a']],
    ['/** */\nexport enum A {}', ['A']],
    ['/** Docs. */\nexport class A {}\nclass B {}', []],
    ['/** Docs. */\n@Injectable()\nexport abstract class A {}', []],
    ['/** Docs. */\nexport function a(x: 1): 1;\nexport function a(x: 2): 2;', []],
    ['/** Docs. */\nexport default class {}\nexport * from "b";', []],
  ])('and this spec would notice: %j', (text, names) => {
    expect(undocumented('a.ts', text).map((found) => found.split(' ')[0])).toEqual(names);
  });
});
