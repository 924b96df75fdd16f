import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('keeps the page, and the nicknames on it, away from translation services', () => {
  const page = new DOMParser().parseFromString(readFileSync('app/index.html', 'utf8'), 'text/html');
  expect(page.documentElement.getAttribute('translate')).toBe('no');
  expect(page.querySelector('meta[name="google"]')?.getAttribute('content')).toBe('notranslate');
});
