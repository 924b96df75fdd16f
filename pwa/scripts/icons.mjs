// Draws the app's icons: two people, two overlapping circles. `node scripts/icons.mjs` writes public/app/icons/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

const TEAL = [31, 107, 96];
const CREAM = [247, 243, 236];
const SAND = [226, 190, 142];
const BOTH = [150, 160, 130];
const OUT = join(import.meta.dirname, '../public/app/icons');

/** Colour at a place in the unit square; `reach` is how far the drawing goes from the middle, `round` the corner. */
function colourAt(x, y, { reach, round }) {
  if (round && !insideRounded(x, y, 0.225)) return [0, 0, 0, 0];
  const radius = 0.235 * reach;
  const left = Math.hypot(x - (0.5 - 0.135 * reach), y - 0.5) < radius;
  const right = Math.hypot(x - (0.5 + 0.135 * reach), y - 0.5) < radius;
  return [...(left && right ? BOTH : left ? CREAM : right ? SAND : TEAL), 255];
}

function insideRounded(x, y, corner) {
  const dx = Math.max(corner - x, x - (1 - corner), 0);
  const dy = Math.max(corner - y, y - (1 - corner), 0);
  return Math.hypot(dx, dy) <= corner;
}

/** The badge in a status bar is only its shape: both circles in white on nothing. */
function badgeAt(x, y) {
  const ring = (cx) => Math.abs(Math.hypot(x - cx, y - 0.5) - 0.24) < 0.055;
  return ring(0.34) || ring(0.66) ? [255, 255, 255, 255] : [255, 255, 255, 0];
}

function png(size, colour) {
  const FINE = 4;
  const rows = [];
  for (let y = 0; y < size; y++) {
    const row = Buffer.alloc(1 + size * 4);
    for (let x = 0; x < size; x++) {
      const sum = [0, 0, 0, 0];
      for (let i = 0; i < FINE * FINE; i++) {
        const [r, g, b, a] = colour(
          (x + ((i % FINE) + 0.5) / FINE) / size,
          (y + (Math.floor(i / FINE) + 0.5) / FINE) / size,
        );
        for (const [k, v] of [r * a, g * a, b * a, a].entries()) sum[k] += v;
      }
      const alpha = sum[3];
      const pixel = alpha ? sum.slice(0, 3).map((v) => Math.round(v / alpha)) : [0, 0, 0];
      row.set([...pixel, Math.round(alpha / FINE ** 2)], 1 + x * 4);
    }
    rows.push(row);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.concat(rows), { level: 9 });
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type, data) {
  const named = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named) >>> 0);
  return Buffer.concat([length, named, sum]);
}

const hex = (colour) => '#' + colour.map((part) => part.toString(16).padStart(2, '0')).join('');
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200"><rect width="200" height="200" rx="45" fill="${hex(TEAL)}"/><circle cx="73" cy="100" r="47" fill="${hex(CREAM)}"/><circle cx="127" cy="100" r="47" fill="${hex(SAND)}"/><path d="M100 61.500a47 47 0 0 1 0 77 47 47 0 0 1 0-77" fill="${hex(BOTH)}"/></svg>\n`;

mkdirSync(OUT, { recursive: true });
writeFileSync(join(OUT, 'icon.svg'), svg);
writeFileSync(
  join(OUT, 'icon-192.png'),
  png(192, (x, y) => colourAt(x, y, { reach: 1, round: true })),
);
writeFileSync(
  join(OUT, 'icon-512.png'),
  png(512, (x, y) => colourAt(x, y, { reach: 1, round: true })),
);
writeFileSync(
  join(OUT, 'icon-maskable-512.png'),
  png(512, (x, y) => colourAt(x, y, { reach: 0.8, round: false })),
);
writeFileSync(join(OUT, 'badge-96.png'), png(96, badgeAt));
