import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build, type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { reachable, type Manifest } from './scripts/reachable.mjs';

const here = import.meta.dirname;

/** Builds the service worker last, with the list of files that the phone's entry reaches: nothing else gets cached. */
function serviceWorker(): Plugin {
  return {
    name: 'dyade-service-worker',
    apply: 'build',
    async closeBundle() {
      const dist = join(here, 'dist');
      const manifest = JSON.parse(await readFile(join(dist, '.vite/manifest.json'), 'utf8')) as Manifest;
      const icons = (await readdir(join(dist, 'app/icons'))).map((icon) => `app/icons/${icon}`);
      const files = [...reachable(manifest, 'app/index.html'), ...icons, 'app/manifest.webmanifest'].sort();
      const hash = createHash('sha256');
      for (const file of ['app/index.html', ...files])
        hash.update(file).update(await readFile(join(dist, file)));
      const precache = {
        name: hash.digest('hex').slice(0, 12),
        files: ['/app/', ...files.map((file) => `/${file}`)],
      };
      await build({
        configFile: false,
        root: here,
        publicDir: false,
        logLevel: 'warn',
        define: { PRECACHE: JSON.stringify(precache) },
        build: {
          outDir: join(dist, 'app'),
          emptyOutDir: false,
          lib: { entry: join(here, 'src/sw/sw.ts'), formats: ['iife'], name: 'sw', fileName: () => 'sw.js' },
        },
      });
    },
  };
}

/**
 * Vite wraps every import() in a kilobyte of preloading code. Here the diary comes with the entry and the rest lies in
 * the worker's cache, so it is enough that a screen's style sheet is there before the screen.
 */
const STYLES_FIRST = `
const asked = {};
const ask = (style) => asked[style] ??= new Promise((done) => {
  const link = document.createElement('link');
  Object.assign(link, { rel: 'stylesheet', href: '/' + style, onload: done, onerror: done });
  document.head.append(link);
});
export const __vitePreload = (load, styles = []) => Promise.all(styles.map(ask)).then(load);`;

function stylesFirst(): Plugin {
  return {
    name: 'dyade-styles-first',
    apply: 'build',
    enforce: 'pre',
    load: (id) => (id.endsWith('vite/preload-helper.js') ? STYLES_FIRST : null),
  };
}

export default defineConfig({
  plugins: [
    stylesFirst(),
    svelte({ compilerOptions: { runes: true, cssHash: ({ hash, css }) => `s${hash(css)}` } }),
    serviceWorker(),
  ],
  build: {
    outDir: 'dist',
    assetsDir: 'app/assets',
    assetsInlineLimit: 0,
    manifest: true,
    target: 'es2022',
    modulePreload: false,
    rolldownOptions: {
      input: { app: join(here, 'app/index.html') },
      // Web components are not used; without this their base class stays in the bundle.
      treeshake: { moduleSideEffects: (id) => !id.includes('custom-element') },
    },
  },
  server: { proxy: { '/api': 'http://localhost:8000' } },
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {},
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
  },
});
