import { expect, it } from 'vitest';
import type { Draft } from '../../src/lib/db';

const ABOUT = { dyad_id: 'd1', protocol_version: 1, opened_at: null };
const ofPrompt = ({ prompt_id }: { prompt_id: string | null }) => prompt_id === 'p1';

async function open(at = '2026-11-22T10:00:00Z'): Promise<Draft> {
  const { openDraft } = await import('../../src/lib/drafts');
  return (await openDraft('diary:p1', ABOUT, new Date(at), ofPrompt))!;
}

it('opens the same draft with the same id again', async () => {
  const first = await open();
  expect(await open('2026-11-22T11:00:00Z')).toEqual(first);
  expect(first.id).toMatch(/^[0-9a-f]{32}$/);
  expect(first.started_at).toBe('2026-11-22T10:00:00.000Z');
});

it('keeps each answer', async () => {
  const { keepDraft } = await import('../../src/lib/drafts');
  await keepDraft({ ...(await open()), answers: { joy: 3 }, timing: { joy: 1200 } });
  expect((await open()).answers).toEqual({ joy: 3 });
});

it('does not bring back a draft that is gone, and says so', async () => {
  const { database } = await import('../../src/lib/db');
  const { keepDraft } = await import('../../src/lib/drafts');
  const draft = await open();
  await (await database()).delete('drafts', draft.key);
  await expect(keepDraft({ ...draft, answers: { joy: 3 } })).rejects.toThrow();
  expect(await (await database()).getAll('drafts')).toEqual([]);
});

it.each(['outbox', 'kept'] as const)('opens nothing anew when the answer is in %s', async (table) => {
  const { database } = await import('../../src/lib/db');
  const { rowFor } = await import('../../src/lib/outbox');
  const about = { kind: 'entry', id: 'e1', dyad_id: 'd1', prompt_id: 'p1', body: '{}' } as const;
  await (await database()).put(table, { ...(await rowFor(about, new Date())), receipt: null } as never);
  expect(await open()).toBeNull();
  expect(await (await database()).getAll('drafts')).toEqual([]);
});
