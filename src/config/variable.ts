import 'reflect-metadata';
import { IsOptional } from 'class-validator';
import type { ValueType } from './value-types.js';

/** All there is to know about one variable. */
export interface VariableDefinition {
  readonly name: string;
  /** The heading it stands under in documents. */
  readonly group: string;
  readonly type: ValueType<unknown>;
  /** undefined: there is none. */
  readonly default: unknown;
  /** The default in words, where the value alone does not tell. */
  readonly defaultInWords?: string;
  /** One line. */
  readonly description: string;
}

type PropertyOf<T> = <K extends string>(target: { [P in K]: T }, name: K) => void;
type OptionalPropertyOf<T> = <K extends string>(target: { [P in K]?: T }, name: K) => void;

const DEFINITIONS = Symbol('variables');
const GROUP = Symbol('group');

/**
 * Makes a property a variable: composes the validators of its type, and remembers the rest for the
 * reader, for `revurb config` and for the documents. The property has to be of that type.
 */
export function Variable<T>(
  type: ValueType<T>,
  defaultValue: NoInfer<T>,
  description: string,
  defaultInWords?: string,
): PropertyOf<T>;
export function Variable<T>(
  type: ValueType<T>,
  defaultValue: undefined,
  description: string,
  defaultInWords?: string,
): OptionalPropertyOf<T>;
export function Variable(
  type: ValueType<unknown>,
  defaultValue: unknown,
  description: string,
  defaultInWords?: string,
): PropertyOf<unknown> {
  return (target, name) => {
    IsOptional()(target, name);
    for (const validator of type.validators) validator(target, name);
    const known = definitionsOf(target);
    const group = (Reflect.getMetadata(GROUP, target, name) ?? known.at(-1)?.group ?? '') as string;
    const definition = { name, group, type, default: defaultValue, defaultInWords, description };
    Reflect.defineMetadata(DEFINITIONS, [...known, definition], target);
  };
}

/** Starts a group: this variable and those below it. Stands under `@Variable`. */
export function Group(name: string): PropertyDecorator {
  return (target, property) => Reflect.defineMetadata(GROUP, name, target, property);
}

function definitionsOf(target: object): readonly VariableDefinition[] {
  return (Reflect.getMetadata(DEFINITIONS, target) ?? []) as readonly VariableDefinition[];
}

/** The variables of a class, in the order of its properties. */
export function variablesOf(target: { prototype: object }): readonly VariableDefinition[] {
  return definitionsOf(target.prototype);
}
