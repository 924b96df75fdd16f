import { expect, it } from 'vitest';

const ABOUT = { dyad_id: 'd1', protocol_version: 1, opened_at: null };

it('opens the same draft with the same id again', async () => {
  const { openDraft } = await import('../../src/lib/drafts');
  const first = await openDraft('diary:p1', ABOUT, new Date('2026-11-22T10:00:00Z'));
  const again = await openDraft('diary:p1', ABOUT, new Date('2026-11-22T11:00:00Z'));
  expect(again).toEqual(first);
  expect(first.id).toMatch(/^[0-9a-f]{32}$/);
  expect(first.started_at).toBe('2026-11-22T10:00:00.000Z');
});

it('keeps each answer', async () => {
  const { keepDraft, openDraft } = await import('../../src/lib/drafts');
  const draft = await openDraft('diary:p1', ABOUT, new Date());
  await keepDraft({ ...draft, answers: { joy: 3 }, timing: { joy: 1200 } });
  expect((await openDraft('diary:p1', ABOUT, new Date())).answers).toEqual({ joy: 3 });
});

it('does not bring back a draft that has become an entry', async () => {
  const { database } = await import('../../src/lib/db');
  const { keepDraft, openDraft } = await import('../../src/lib/drafts');
  const draft = await openDraft('diary:p1', ABOUT, new Date());
  await (await database()).delete('drafts', draft.key);
  await keepDraft({ ...draft, answers: { joy: 3 } });
  expect(await (await database()).getAll('drafts')).toEqual([]);
});
