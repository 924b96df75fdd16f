import { expect, it } from 'vitest';
import { fill, inLanguage, words } from '../../src/engine/fill';

it('fills every name it knows and leaves the others as they are written', () => {
  expect(fill('{nickname} en {nickname}: {nobody}', { nickname: 'Noor' })).toBe('Noor en Noor: {nobody}');
});

it('fills a nickname as text, never as a template', () => {
  expect(fill('Over {nickname}', { nickname: '{client} $& $1' })).toBe('Over {client} $& $1');
});

it('does not take names from the prototype', () => {
  expect(fill('{constructor}', {})).toBe('{constructor}');
});

it('falls back to the first language that is there', () => {
  expect(inLanguage({ nl: 'leerling' }, 'en')).toBe('leerling');
  expect(inLanguage(undefined, 'en')).toBe('');
});

it('gives the words of the study in one language', () => {
  expect(words({ client: { nl: 'leerling', en: 'pupil' } }, 'en')).toEqual({ client: 'pupil' });
});
