import { describe, expect, it } from 'vitest';
import type { Draft } from '../../src/lib/db';
import type { Prompt } from '../../src/lib/wire';
import { blocksOf } from '../../src/screens/join/consentText';
import { planOf } from '../../src/screens/today/plan';

describe('the consent text', () => {
  it('is headings and paragraphs', () => {
    expect(blocksOf('## Waarom?\nRegel een\nregel twee.\n\nNieuw.\n')).toEqual([
      { kind: 'heading', text: 'Waarom?' },
      { kind: 'paragraph', text: 'Regel een regel twee.' },
      { kind: 'paragraph', text: 'Nieuw.' },
    ]);
  });

  it('leaves everything else as text', () => {
    expect(blocksOf('<b>vet</b> # niets')).toEqual([{ kind: 'paragraph', text: '<b>vet</b> # niets' }]);
  });
});

describe('Today', () => {
  const NOW = Date.parse('2026-11-23T12:00:00Z');
  const prompt = (
    id: string,
    due_at: string,
    expires_at: string,
    state: Prompt['state'] = 'planned',
  ): Prompt => ({
    id,
    dyad_id: 'd1',
    slot: 's',
    due_at,
    expires_at,
    state,
  });
  const due = prompt('due', '2026-11-23T11:00:00Z', '2026-11-23T20:00:00Z');

  const plan = (prompts: Prompt[], drafts: Draft[] = [], answered: string[] = []) =>
    planOf(prompts, drafts, (id) => answered.includes(id), NOW);

  it('shows what is due until it expires', () => {
    const over = prompt('over', '2026-11-23T08:00:00Z', '2026-11-23T12:00:00Z');
    expect(plan([over, due]).due.map(({ id }) => id)).toEqual(['due']);
  });

  it('shows nothing twice: answered here, or ended at the study', () => {
    expect(plan([due], [], ['due']).due).toEqual([]);
    expect(plan([{ ...due, state: 'answered' }]).due).toEqual([]);
    expect(plan([{ ...due, state: 'superseded' }]).due).toEqual([]);
  });

  it('offers to finish what was begun in time', () => {
    const over = prompt('over', '2026-11-23T08:00:00Z', '2026-11-23T11:00:00Z', 'expired');
    const draft = { key: 'diary:over', answers: { happened: false } } as unknown as Draft;
    expect(plan([over], [draft]).unfinished.map(({ id }) => id)).toEqual(['over']);
    expect(plan([over], [{ ...draft, answers: {} }]).unfinished).toEqual([]);
  });

  it('lists what was begun, also when the study no longer lists its prompt', () => {
    const draft = (id: string, started_at: string) =>
      ({ key: id, dyad_id: 'd2', started_at, answers: { happened: false } }) as unknown as Draft;
    const drafts = [
      draft('diary:b', '2026-11-22T12:00:00Z'),
      draft('diary:a', '2026-11-20T12:00:00Z'),
      draft('diary:done', '2026-11-20T12:00:00Z'),
      draft('diary:due', '2026-11-23T11:30:00Z'),
      draft('baseline:d2:short', '2026-11-20T12:00:00Z'),
    ];
    expect(plan([due], drafts, ['done']).unfinished).toEqual([
      { id: 'a', dyad_id: 'd2' },
      { id: 'b', dyad_id: 'd2' },
    ]);
  });

  it('tells the part of the day that is coming, never the minute', () => {
    const [coming] = plan([prompt('next', '2026-11-24T12:23:00Z', '2026-11-24T20:00:00Z')]).coming;
    expect(coming).toMatchObject({ days: 1, part: 'afternoon' });
  });
});
