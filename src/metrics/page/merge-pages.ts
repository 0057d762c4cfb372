const FAMILY = /^# HELP (\S+) .*\n(?:(?!# HELP ).*\n?)*/gm;

/** Puts pages of the text format together, so that each metric stands there once, with the lines of all. */
export function mergePages(pages: readonly string[]): string {
  const families = new Map<string, string[]>();
  for (const page of pages) {
    for (const [family, name] of page.matchAll(FAMILY)) {
      const [help, type, ...samples] = family.split('\n').filter((line) => line !== '');
      const known = families.get(name!);
      if (known === undefined) families.set(name!, [help!, type!, ...samples]);
      else known.push(...samples);
    }
  }
  return [...families.values()].map((lines) => `${lines.join('\n')}\n`).join('\n');
}
