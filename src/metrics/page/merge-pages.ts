/** A metric begins with its help. Line breaks within values and texts are escaped, so what follows one is a line. */
const FAMILY = /(?<=^|\n)(?=# HELP )/;
const NAME = /^# HELP (\S+) /;

/** Puts pages of the text format together, so that each metric stands there once, with the lines of all. */
export function mergePages(pages: readonly string[]): string {
  const families = new Map<string, string[]>();
  for (const page of pages) {
    for (const family of page.split(FAMILY)) {
      const [, name] = NAME.exec(family) ?? [];
      if (name === undefined) continue;
      const [help, type, ...samples] = family.split('\n').filter((line) => line !== '');
      const lines = families.get(name) ?? [help!, type!];
      for (const sample of samples) lines.push(sample);
      families.set(name, lines);
    }
  }
  return [...families.values()].map((lines) => `${lines.join('\n')}\n`).join('\n');
}
