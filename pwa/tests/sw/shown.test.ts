import { beforeEach, expect, it } from 'vitest';
import type { Protocol } from '../../src/engine/protocol';
import type { PushPayload } from '../../src/lib/wire';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const protocol = {
  version: 1,
  terms: {},
  notifications: {
    diary: {
      title: { nl: 'Hoe ging het met {nickname}?', en: 'How did it go with {nickname}?' },
      body: { nl: 'Een minuut.', en: 'One minute.' },
      neutral_title: { nl: 'Tijd voor je dagboek', en: 'Time for your diary' },
    },
  },
} as unknown as Protocol;
let dyad_id: string;

beforeEach(async () => {
  const { database, keepSingle } = await import('../../src/lib/db');
  const { addDyad } = await import('../../src/lib/roster');
  await (await database()).put('protocols', { version: 1, protocol });
  await keepSingle('language', 'nl');
  dyad_id = await addDyad('Noor', new Date(NOW));
});

async function shown(payload: PushPayload, choice?: 'with' | 'without') {
  const { keepSingle } = await import('../../src/lib/db');
  const { shownFor } = await import('../../src/sw/shown');
  if (choice) await keepSingle('notifications', choice);
  return shownFor(payload, NOW);
}

const push = (more: Partial<PushPayload['prompt']> = {}): PushPayload => ({
  notification: { title: 'Neutraal', body: 'Tekst', tag: 'p1', lang: 'nl' },
  template: 'diary',
  prompt: { id: 'p1', dyad_id, due_at: '2026-11-23T11:00:00Z', expires_at: '2026-11-23T20:00:00Z', ...more },
});

it('fills in the nickname for whoever chose to see it', async () => {
  expect(await shown(push(), 'with')).toEqual({
    title: 'Hoe ging het met Noor?',
    body: 'Een minuut.',
    tag: 'p1',
    path: '/app/diary/p1',
    silent: false,
  });
});

it('shows no nickname to whoever chose so, nor before anybody chose', async () => {
  expect((await shown(push())).title).toBe('Tijd voor je dagboek');
  expect((await shown(push(), 'without')).title).toBe('Tijd voor je dagboek');
});

it('stays neutral about a dyad that is not on this phone', async () => {
  expect((await shown(push({ dyad_id: 'x' }), 'with')).title).toBe('Tijd voor je dagboek');
});

it('shows what the study wrote when the template is unknown', async () => {
  expect(await shown({ ...push(), template: 'new' }, 'with')).toMatchObject({
    title: 'Neutraal',
    body: 'Tekst',
  });
});

it('still shows something for a moment that has passed, and leads to Today', async () => {
  const over = await shown(push({ expires_at: '2026-11-23T12:00:00Z' }), 'with');
  expect(over).toMatchObject({ title: 'Neutraal', path: '/app/', tag: 'p1' });
  expect(over.body).toContain('voorbij');
});

it('goes by the study’s time on a phone whose clock is wrong', async () => {
  const { keepSingle } = await import('../../src/lib/db');
  await keepSingle('prompts', { as_of: '', prompts: [], ahead: -60 * 60_000 });
  expect((await shown(push({ expires_at: '2026-11-23T11:30:00Z' }))).body).toBe('Een minuut.');
  await keepSingle('prompts', { as_of: '', prompts: [], ahead: -4 * 60_000 });
  expect((await shown(push({ expires_at: '2026-11-23T11:59:00Z' }))).body).toContain('voorbij');
});

it('shows something for an empty message', async () => {
  expect(await shown({})).toMatchObject({ title: 'Dyade', path: '/app/' });
});
