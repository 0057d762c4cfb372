const { existsSync } = require('node:fs');
const { resolve } = require('node:path');

/**
 * Finds modules for Jest. Sources import each other by the names they have once compiled: that a name is
 * looked for as it is written, and only here in another spelling, saves most of the time that a map of
 * names for all modules takes.
 */
module.exports = (path, options) => {
  if (path.startsWith('.') && path.endsWith('.js') && !options.basedir.includes('/node_modules/')) {
    const source = resolve(options.basedir, `${path.slice(0, -3)}.ts`);
    if (existsSync(source)) return source;
  }
  return options.defaultResolver(path, options);
};
