import { describe, expect, it, vi } from 'vitest';
import { phone, receiptFor } from './phone';

describe('saving', () => {
  async function begun() {
    const p = await phone(receiptFor);
    const { openDraft } = await import('../../src/lib/drafts');
    const about = { dyad_id: 'd1', protocol_version: 1, opened_at: null };
    const draft = (await openDraft('diary:p1', about, new Date(), () => false))!;
    const row = await p.rowFor(
      { kind: 'entry', id: draft.id, dyad_id: 'd1', prompt_id: 'p1', body: '{}' },
      new Date(),
    );
    return { ...p, draft, row, drafts: async () => (await p.database()).getAll('drafts') };
  }

  it('moves the draft into the outbox in one step, and tells the other windows', async () => {
    const p = await begun();
    const { listen } = await import('../../src/lib/channel');
    const heard: string[] = [];
    const stop = listen((news) => heard.push(news));
    expect(await p.moveDraftToOutbox('diary:p1', p.row)).toBe('saved');
    stop();
    expect(heard).toEqual(['outbox']);
    expect(await p.drafts()).toEqual([]);
    expect(await p.outboxRows()).toMatchObject([
      { id: p.draft.id, prompt_id: 'p1', body: '{}', state: 'waiting' },
    ]);
  });

  it('adds nothing when another tab has saved this draft', async () => {
    const p = await begun();
    await p.moveDraftToOutbox('diary:p1', p.row);
    expect(await p.moveDraftToOutbox('diary:p1', { ...p.row, body: '{"other":1}' })).toBe('saved_before');
    expect(await p.outboxRows()).toMatchObject([{ body: '{}' }]);
  });

  it('adds nothing when the study has this entry already', async () => {
    const p = await begun();
    await p.moveDraftToOutbox('diary:p1', p.row);
    await p.flush();
    expect(await p.moveDraftToOutbox('diary:p1', p.row)).toBe('saved_before');
    expect(await p.outboxRows()).toEqual([]);
  });

  it('says saved only when it is there: a draft that is gone is not an entry that is saved', async () => {
    const p = await begun();
    await (await p.database()).clear('drafts');
    expect(await p.moveDraftToOutbox('diary:p1', p.row)).toBe('saved');
    expect(await p.outboxRows()).toMatchObject([{ id: p.draft.id }]);
  });

  it('leaves a draft that was begun anew alone', async () => {
    const p = await begun();
    await p.moveDraftToOutbox('diary:p1', { ...p.row, id: 'another' });
    expect(await p.drafts()).toEqual([p.draft]);
  });

  it('leaves the draft alone when the entry cannot be added', async () => {
    const p = await begun();
    const full = vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    await expect(p.moveDraftToOutbox('diary:p1', p.row)).rejects.toThrow();
    full.mockRestore();
    expect(await p.drafts()).toEqual([p.draft]);
  });
});
