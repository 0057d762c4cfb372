import { validateSync, type ValidationError } from 'class-validator';
import { badRequest } from './api-error.js';

/** Reads a JSON object. @throws ApiError 400 */
export function parseJsonObject(body: Buffer): object {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (error) {
    throw badRequest(`The body must be JSON: ${withoutQuote((error as Error).message)}.`);
  }
  if (!isObject(value)) throw badRequest('The body must be a JSON object.');
  return value;
}

/**
 * Makes a DTO of a value that came from outside, as the decorators of its class demand. Fields the
 * class does not know are ignored.
 * @param where goes before the name of a field in the sentence, like `batch[2].`
 * @throws ApiError 400 that names the field
 */
export function validate<T extends object>(type: new () => T, value: unknown, where = ''): T {
  if (!isObject(value)) throw badRequest(`${where.replace(/\.$/, '')} must be a JSON object.`);
  const dto = new type();
  for (const [name, field] of Object.entries(value)) {
    // Names like `constructor` would mislead the validator.
    if (!(name in Object.prototype)) (dto as Record<string, unknown>)[name] = field;
  }
  const [first] = validateSync(dto, { stopAtFirstError: true });
  if (first !== undefined) throw badRequest(`${where}${sentenceOf(first)}.`);
  return dto;
}

/** The engine quotes what it cannot read; what is refused is shown to others than its sender, too. */
function withoutQuote(message: string): string {
  return message.replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, '');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sentenceOf(error: ValidationError): string {
  return Object.values(error.constraints ?? {})[0] ?? `${error.property} is wrong`;
}
