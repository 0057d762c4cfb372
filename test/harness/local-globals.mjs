import { createHash } from 'node:crypto';
import swc from '@swc/jest';

/**
 * Jest runs what it loads in a context of `node:vm`, where each look at a global goes through a call
 * into C++: putting a server together took twice as long as it does outside. So what no test ever
 * replaces is looked up once for each module. What fake timers replace must not be among it.
 */
const NAMES = [
  'Array',
  'ArrayBuffer',
  'BigInt',
  'Boolean',
  'Buffer',
  'Error',
  'JSON',
  'Map',
  'Math',
  'Number',
  'Object',
  'Promise',
  'Reflect',
  'RegExp',
  'Set',
  'String',
  'Symbol',
  'TypeError',
  'Uint8Array',
  'WeakMap',
  'WeakSet',
  'process',
];

/** Part of the key of Jest's cache: to be counted up when the result changes. */
const VERSION = '2';

/** A directive has to stay the first thing of a module. */
const STRICT = /^(?:\s|\/\*[\s\S]*?\*\/|\/\/.*\n)*['"]use strict['"]/;

/**
 * Transforms for Jest: TypeScript with the options of swc where there are any, and modules of
 * packages as they are.
 */
export default {
  createTransformer(options) {
    if (options.jsc === undefined) {
      return {
        process: (code) => withLocalGlobals({ code }),
        getCacheKey: (code, path) =>
          createHash('sha256').update(`${VERSION}\0${path}\0${code}`).digest('hex'),
      };
    }
    const compiler = swc.createTransformer(options);
    return {
      canInstrument: compiler.canInstrument,
      process: (...source) => withLocalGlobals(compiler.process(...source)),
      processAsync: async (...source) => withLocalGlobals(await compiler.processAsync(...source)),
      getCacheKey: (...source) => `${compiler.getCacheKey(...source)}-${VERSION}`,
    };
  },
};

/** On the first line, so that all lines keep their numbers. */
function withLocalGlobals({ code, ...rest }) {
  const names = NAMES.filter((name) => code.includes(name) && !isDeclared(code, name));
  if (names.length === 0) return { ...rest, code };
  const directive = STRICT.test(code) ? "'use strict';" : '';
  return { ...rest, code: `${directive}const {${names.join(',')}}=globalThis;${code}` };
}

/** Whether a module may have something of its own by this name; seeing too much of that does no harm. */
function isDeclared(code, name) {
  const declaration = '\\b(?:const|let|var|function|class|import)\\s+';
  const binding = '[{,]\\s*(?:[\\w$]+\\s+as\\s+|[\\w$]+\\s*:\\s*)?';
  const end = '(?:[,}=({;]|\\bfrom\\b|\\bextends\\b|\\r?\\n)';
  return new RegExp(`(?:${declaration}|${binding})${name}\\s*${end}`).test(code);
}
