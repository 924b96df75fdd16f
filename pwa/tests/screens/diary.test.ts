import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import type { Protocol } from '../../src/engine/protocol';
import type { EntryBody, Me, Prompt } from '../../src/lib/wire';

const label = (nl: string) => ({ nl, en: nl });
const PROMPT = 'b'.repeat(32);
const DYAD = 'd'.repeat(32);
const five = [1, 2, 3, 4, 5].map((value) => ({ value, label: label(`p${value}`) }));
const PROTOCOL = {
  study: 'proef',
  version: 1,
  languages: ['nl'],
  terms: { client: label('leerling') },
  dyads: { at_most: 2 },
  instruments: {},
  scales: { five },
  diary: {
    cards: [
      { id: 'event', title: label('Wat er gebeurde') },
      { id: 'after', title: label('Daarna') },
    ],
    items: [
      { id: 'happened', card: 'event', kind: 'yes_no', text: label('Iets met {nickname}?') },
      {
        id: 'anger',
        card: 'event',
        kind: 'scale',
        points: 'five',
        text: label('Boos'),
        show_if: { item: 'happened', is: true },
      },
      {
        id: 'hid',
        card: 'after',
        kind: 'scale',
        points: 'five',
        text: label('Verborgen'),
        show_if: { item: 'anger', above: 1 },
      },
    ],
  },
} as unknown as Protocol;

/** The diary as it opens: with this prompt due, or with a list that does not hold it. */
async function open(prompt: Partial<Prompt> | null = {}, ahead = 0) {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
  const db = await import('../../src/lib/db');
  const due: Prompt = {
    id: PROMPT,
    dyad_id: DYAD,
    slot: 's',
    due_at: new Date(Date.now() - 60_000).toISOString(),
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    state: 'open',
    ...prompt,
  };
  await db.keepSingle('device', { token: 'dyt_test' });
  await db.keepSingle('me', { protocol_version: 1, dyads: [] } as unknown as Me);
  await db.keepSingle('prompts', { as_of: '', prompts: prompt ? [due] : [], ahead });
  await (await db.database()).put('protocols', { version: 1, protocol: PROTOCOL });
  const { session } = await import('../../src/shell/session.svelte');
  await session.reload();
  const { default: Diary } = await import('../../src/screens/diary/Diary.svelte');
  const view = render(Diary, { id: PROMPT });
  return { ...view, db: await db.database(), session };
}

const radio = (name: string, value: string) =>
  document.querySelector<HTMLInputElement>(`input[name=${name}][value="${value}"]`)!;
const pick = (name: string, value: string) => fireEvent.click(radio(name, value));

describe('the diary form', () => {
  it('starts without any answer, and shows a question only when the protocol asks it', async () => {
    await open();
    await screen.findByTestId('diary-form');
    expect(document.querySelector('input:checked')).toBeNull();
    expect(screen.queryByTestId('item-anger')).toBeNull();
    await pick('happened', 'true');
    expect(screen.getByTestId('item-anger')).toBeTruthy();
    expect(screen.queryByTestId('item-hid')).toBeNull();
    await pick('anger', '2');
    expect(screen.getByTestId('item-hid')).toBeTruthy();
  });

  it('drops answers that are no longer asked for', async () => {
    const { db } = await open();
    await screen.findByTestId('diary-form');
    await pick('happened', 'true');
    await pick('anger', '4');
    await pick('hid', '3');
    await pick('happened', 'false');
    await waitFor(async () => {
      const draft = await db.get('drafts', `diary:${PROMPT}`);
      expect(draft?.answers).toEqual({ happened: false });
      expect(Object.keys(draft!.timing)).toEqual(['happened']);
    });
    await pick('happened', 'true');
    expect(radio('anger', '4').checked).toBe(false);
  });

  it('survives being closed at any moment', async () => {
    const { db, unmount } = await open();
    await screen.findByTestId('diary-form');
    await pick('happened', 'true');
    await waitFor(async () =>
      expect((await db.get('drafts', `diary:${PROMPT}`))?.answers).toEqual({ happened: true }),
    );
    const { id } = (await db.get('drafts', `diary:${PROMPT}`))!;
    unmount();
    const { default: Diary } = await import('../../src/screens/diary/Diary.svelte');
    render(Diary, { id: PROMPT });
    await screen.findByTestId('diary-form');
    expect(radio('happened', 'true').checked).toBe(true);
    expect((await db.get('drafts', `diary:${PROMPT}`))?.id).toBe(id);
  });

  it('does not save with a gap, and goes to it', async () => {
    const { db } = await open();
    await screen.findByTestId('diary-form');
    await pick('happened', 'true');
    await fireEvent.submit(screen.getByTestId('diary-form'));
    await waitFor(() => expect(document.activeElement).toBe(radio('anger', '1')));
    expect(
      screen.getAllByRole('alert').some(({ textContent }) => /missing|mist/.test(textContent ?? '')),
    ).toBe(true);
    expect(await db.getAll('outbox')).toEqual([]);
  });

  it('says saved once the entry is in the outbox and the draft is gone', async () => {
    const { db } = await open();
    await screen.findByTestId('diary-form');
    const { id } = (await db.get('drafts', `diary:${PROMPT}`))!;
    await pick('happened', 'true');
    await pick('anger', '1');
    await fireEvent.submit(screen.getByTestId('diary-form'));
    await screen.findByTestId('saved');
    expect(await db.getAll('drafts')).toEqual([]);
    const [row] = await db.getAll('outbox');
    const { sha256 } = await import('../../src/lib/ids');
    expect(row).toMatchObject({ id, kind: 'entry', prompt_id: PROMPT, sha256: await sha256(row!.body) });
    const body = JSON.parse(row!.body) as EntryBody;
    expect(body).toMatchObject({
      entry_id: id,
      dyad_id: DYAD,
      prompt_id: PROMPT,
      study: 'proef',
      protocol_version: 1,
    });
    expect(body.answers).toEqual({ happened: true, anger: 1 });
    expect(body.not_asked).toEqual(['hid']);
    expect(Object.keys(body.timing)).toEqual(['happened', 'anger']);
  });

  it('keeps the answers on the screen when the phone cannot save', async () => {
    const { db } = await open();
    await screen.findByTestId('diary-form');
    await pick('happened', 'false');
    const full = vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    await fireEvent.submit(screen.getByTestId('diary-form'));
    await waitFor(() =>
      expect(screen.getAllByRole('alert').some((e) => /space|ruimte/.test(e.textContent ?? ''))).toBe(true),
    );
    expect(screen.queryByTestId('saved')).toBeNull();
    full.mockRestore();
    expect((await db.get('drafts', `diary:${PROMPT}`))?.answers).toEqual({ happened: false });
    await fireEvent.submit(screen.getByTestId('diary-form'));
    await screen.findByTestId('saved');
  });

  it('does not open a moment that has passed, unless it was begun in time', async () => {
    await open({ expires_at: new Date(Date.now() - 1000).toISOString() });
    expect(await screen.findByText(/passed|voorbij/)).toBeTruthy();
    expect(screen.queryByTestId('diary-form')).toBeNull();
  });
});

describe('a form in two windows', () => {
  const takenElsewhere = async () => {
    let letGo!: () => void;
    await new Promise<void>((taken) => {
      const held = new Promise<void>((resolve) => (letGo = resolve));
      void navigator.locks.request(`draft:diary:${PROMPT}`, () => {
        taken();
        return held;
      });
    });
    return letGo;
  };

  it('is open in one of them, and says so in the other', async () => {
    const letGo = await takenElsewhere();
    const { unmount, db } = await open();
    expect(await screen.findByTestId('elsewhere')).toBeTruthy();
    expect(screen.queryByTestId('diary-form')).toBeNull();
    expect(await db.getAll('drafts')).toEqual([]);
    const { place } = await import('../../src/shell/router.svelte');
    const before = place.moves;
    await fireEvent.click(screen.getByRole('button'));
    expect(place.moves).toBe(before + 1);
    unmount();
    letGo();
    await open();
    expect(await screen.findByTestId('diary-form')).toBeTruthy();
  });

  it('is free again once the screen is left', async () => {
    const { unmount } = await open();
    await screen.findByTestId('diary-form');
    let taken = false;
    const waiting = takenElsewhere().then((letGo) => {
      taken = true;
      letGo();
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(taken).toBe(false);
    unmount();
    await waiting;
  });

  it('opens where the browser has no locks', async () => {
    Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
    await open();
    expect(await screen.findByTestId('diary-form')).toBeTruthy();
  });

  it('is not opened anew after the other has saved, whatever this one remembers', async () => {
    const { db, unmount } = await open();
    await screen.findByTestId('diary-form');
    unmount();
    const { rowFor } = await import('../../src/lib/outbox');
    const about = { kind: 'entry', id: 'e1', dyad_id: DYAD, prompt_id: PROMPT, body: '{}' } as const;
    await db.add('outbox', await rowFor(about, new Date()));
    const { default: Diary } = await import('../../src/screens/diary/Diary.svelte');
    render(Diary, { id: PROMPT });
    expect(await screen.findByText(/already answered|al ingevuld/)).toBeTruthy();
    expect(screen.queryByTestId('diary-form')).toBeNull();
  });
});

describe('a diary that was begun', () => {
  it('says at once when the phone has lost it, and is saved all the same', async () => {
    const { db } = await open();
    await screen.findByTestId('diary-form');
    await db.clear('drafts');
    await pick('happened', 'false');
    await waitFor(() =>
      expect(
        screen.getAllByRole('alert').some((e) => /did not work|lukte niet/.test(e.textContent ?? '')),
      ).toBe(true),
    );
    await fireEvent.submit(screen.getByTestId('diary-form'));
    await screen.findByTestId('saved');
    expect(await db.getAll('outbox')).toHaveLength(1);
  });

  it('can be finished when the study no longer lists its prompt', async () => {
    const { unmount } = await open();
    await screen.findByTestId('diary-form');
    await pick('happened', 'true');
    await new Promise((resolve) => setTimeout(resolve, 20));
    unmount();
    const { db } = await open(null);
    await screen.findByTestId('diary-form');
    expect(radio('happened', 'true').checked).toBe(true);
    const draft = (await db.get('drafts', `diary:${PROMPT}`))!;
    expect(draft.prompt).toMatchObject({ id: PROMPT, dyad_id: DYAD });
    const { prompt: _gone, ...older } = draft;
    await db.put('drafts', older);
    cleanup();
    await open(null);
    expect(await screen.findByTestId('diary-form')).toBeTruthy();
  });
});

describe('a phone whose clock is wrong', () => {
  const HOUR = 3_600_000;

  it.each([
    ['two hours slow', 2 * HOUR, false],
    ['four minutes slow', 4 * 60_000, true],
  ])('%s: the study’s time decides', async (_name, ahead, opens) => {
    await open({ expires_at: new Date(Date.now() + HOUR / 30).toISOString() }, ahead);
    if (opens) expect(await screen.findByTestId('diary-form')).toBeTruthy();
    else expect(await screen.findByText(/passed|voorbij/)).toBeTruthy();
  });
});
