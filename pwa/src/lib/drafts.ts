import { database, type Draft, type Kept, type OutboxRow } from './db';
import { newId } from './ids';

const DIARY = 'diary:';

export function diaryDraftKey(promptId: string): string {
  return DIARY + promptId;
}

export function baselineDraftKey(dyadId: string, instrument: string): string {
  return `baseline:${dyadId}:${instrument}`;
}

/** The prompt a draft answers, with answers in it already. */
export function promptBegun({ key, answers }: Draft): string | null {
  return key.startsWith(DIARY) && Object.keys(answers).length > 0 ? key.slice(DIARY.length) : null;
}

/**
 * The draft under this key, or a new one with the id its entry will have. None when the form has been answered: looked
 * up in the same transaction, because another window may have done so a moment ago.
 */
export async function openDraft(
  key: string,
  about: Pick<Draft, 'dyad_id' | 'protocol_version' | 'opened_at' | 'prompt'>,
  now: Date,
  isAnswer: (row: OutboxRow | Kept) => boolean,
): Promise<Draft | null> {
  const fresh: Draft = { key, id: newId(), started_at: now.toISOString(), answers: {}, timing: {}, ...about };
  const tx = (await database()).transaction(['drafts', 'outbox', 'kept'], 'readwrite', {
    durability: 'strict',
  });
  const [known, outbox, kept] = await Promise.all([
    tx.objectStore('drafts').get(key),
    tx.objectStore('outbox').getAll(),
    tx.objectStore('kept').getAll(),
  ]);
  const isAnswered = [...outbox, ...kept].some(isAnswer);
  await Promise.all([isAnswered || known || tx.objectStore('drafts').add(fresh), tx.done]);
  return isAnswered ? null : (known ?? fresh);
}

/** Written at every answer. A draft that is gone, wiped or saved elsewhere, is not brought back: that must be said. */
export async function keepDraft(draft: Draft): Promise<void> {
  const tx = (await database()).transaction('drafts', 'readwrite', { durability: 'strict' });
  const isAlive = (await tx.store.get(draft.key))?.id === draft.id;
  await Promise.all([isAlive && tx.store.put(draft), tx.done]);
  if (!isAlive) throw new Error('the draft is gone');
}
