import { getDefaultParser } from '@nestjs/config';

/**
 * Reads the text of a `.env` file, with `${NAME}` replaced as Laravel does: by the environment,
 * else by a line further up, else not at all; not between single quotes; `\${` stays a `${`.
 */
export function parseEnvFile(
  content: string,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const literal = new Set(
    [...content.matchAll(/^\s*(?:export\s+)?([\w.-]+)\s*=\s*'/gm)].map((match) => match[1]!),
  );
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(getDefaultParser()(Buffer.from(content)))) {
    const text = String(value);
    values[name] = literal.has(name) ? text : expand(text, environment, values);
  }
  return values;
}

function expand(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
  above: Readonly<Record<string, string>>,
): string {
  return text.replace(/(\\?)\$\{([\w.]+)\}/g, (reference, escape: string, name: string) => {
    if (escape) return reference.slice(1);
    const known = Object.hasOwn(environment, name) ? environment[name] : undefined;
    return known ?? (Object.hasOwn(above, name) ? above[name]! : reference);
  });
}
