import { defineConfig } from 'vite';

/** How the page of the inspector is built: beside the server, to be served below any prefix. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/inspector-page',
    emptyOutDir: true,
    target: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: false,
    // Nothing may be put inline: the policy of the page forbids it.
    assetsInlineLimit: 0,
  },
});
