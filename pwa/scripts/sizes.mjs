// After a build: what a tap on a prompt loads before the form can be filled in, and the whole app, in gzip bytes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { reachable } from './reachable.mjs';

const DIST = join(import.meta.dirname, '../dist');
const ENTRY = 'app/index.html';

const manifest = JSON.parse(readFileSync(join(DIST, '.vite/manifest.json'), 'utf8'));
const gz = (file) => gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length;
const sum = (files) => files.reduce((total, { gz }) => total + gz, 0);
const measured = (files) => [...new Set(files)].sort().map((file) => ({ file, gz: gz(file) }));

// The diary form is part of the entry (see shell/App.svelte): nothing fetched lazily is needed to fill it in.
const form = measured([ENTRY, ...reachable(manifest, ENTRY, () => false)]);
const app = measured([ENTRY, ...reachable(manifest, ENTRY), 'app/sw.js', 'app/manifest.webmanifest']);
const onPath = new Set(form.map(({ file }) => file));
const files = app.map((file) => ({ ...file, form_path: onPath.has(file.file) }));

console.log(JSON.stringify({ form_path_gz: sum(form), app_gz: sum(app), files }));
