import 'reflect-metadata';
import { IsOptional, validateSync } from 'class-validator';
import { shown, unwanted, type Fault } from './configuration-error.js';
import { nearestName } from './nearest-name.js';
import type { ValueType } from './value-types.js';

type EntryClass<T extends object = object> = new () => T;

interface FieldDefinition {
  readonly name: string;
  readonly type?: ValueType<unknown>;
  /** The class of the object, or of each object of the list. */
  readonly nested?: { readonly entry: EntryClass; readonly isList: boolean };
}

const FIELDS = Symbol('fields');

function remember(target: object, definition: FieldDefinition): void {
  Reflect.defineMetadata(FIELDS, [...fieldsOf(target), definition], target);
}

function fieldsOf(target: object): readonly FieldDefinition[] {
  return (Reflect.getMetadata(FIELDS, target) ?? []) as readonly FieldDefinition[];
}

/** A field of a JSON object, optional; composes the validators of its type. */
export function Field(type: ValueType<unknown>): PropertyDecorator {
  return (target, name) => {
    IsOptional()(target, name);
    for (const validator of type.validators) validator(target, name);
    remember(target, { name: String(name), type });
  };
}

/** A field that holds an object with fields of its own. */
export function NestedField(entry: EntryClass): PropertyDecorator {
  return (target, name) =>
    remember(target, { name: String(name), nested: { entry, isList: false } });
}

/** A field that holds a list of such objects. */
export function NestedList(entry: EntryClass): PropertyDecorator {
  return (target, name) =>
    remember(target, { name: String(name), nested: { entry, isList: true } });
}

/**
 * Reads parsed JSON into a class of `@Field` properties. Unknown fields, wrong types and values out
 * of range are faults, named by their path and added to `faults`; undefined when it is no object.
 */
export function readFields<T extends object>(
  entry: EntryClass<T>,
  json: unknown,
  path: string,
  faults: Fault[],
): T | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    faults.push(unwanted(path, json, 'an object', true));
    return undefined;
  }
  const read = new entry();
  const definitions = fieldsOf(entry.prototype as object);
  const values = json as Record<string, unknown>;
  faults.push(...unknownFields(values, definitions, path));
  for (const { name, nested } of definitions) {
    if (!Object.hasOwn(values, name)) continue;
    const value = values[name];
    Object.assign(read, {
      [name]: nested ? readNested(nested, value, `${path}.${name}`, faults) : value,
    });
  }
  faults.push(...faultyFields(read, definitions, path));
  return read;
}

/** A list of such objects; empty when it is no array. */
export function readList<T extends object>(
  entry: EntryClass<T>,
  json: unknown,
  path: string,
  faults: Fault[],
): (T | undefined)[] {
  if (!Array.isArray(json)) {
    faults.push(unwanted(path, json, 'an array', true));
    return [];
  }
  return json.map((item, index) => readFields(entry, item, `${path}[${index}]`, faults));
}

function readNested(
  { entry, isList }: NonNullable<FieldDefinition['nested']>,
  json: unknown,
  path: string,
  faults: Fault[],
): object | undefined {
  return isList ? readList(entry, json, path, faults) : readFields(entry, json, path, faults);
}

function unknownFields(
  values: object,
  definitions: readonly FieldDefinition[],
  path: string,
): Fault[] {
  const known = definitions.map(({ name }) => name);
  return Object.keys(values)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const nearest = nearestName(name, known, Math.max(2, Math.floor(name.length / 3)));
      const hint = nearest === undefined ? '' : `, did you mean ${nearest}?`;
      const field = /^\w+$/.test(name) ? `.${name}` : `[${shown(name)}]`;
      return { variable: `${path}${field}`, complaint: `unknown field${hint}` };
    });
}

function faultyFields(
  read: object,
  definitions: readonly FieldDefinition[],
  path: string,
): Fault[] {
  const faulty = new Set(validateSync(read, { forbidUnknownValues: false }).map((e) => e.property));
  return definitions.flatMap(({ name, type }) => {
    const value = (read as Record<string, unknown>)[name];
    // IsOptional lets null pass as absent; only a type that knows null may have it.
    const isFaulty = faulty.has(name) || (value === null && !type?.isNullable);
    if (!type || !isFaulty) return [];
    return [unwanted(`${path}.${name}`, value, type.wants, type.isSecret)];
  });
}
