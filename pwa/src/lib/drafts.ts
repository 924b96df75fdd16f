import { database, type Draft } from './db';
import { newId } from './ids';

export function diaryDraftKey(promptId: string): string {
  return `diary:${promptId}`;
}

export function baselineDraftKey(dyadId: string, instrument: string): string {
  return `baseline:${dyadId}:${instrument}`;
}

/** The draft under this key, or a new one with the id its entry will have. */
export async function openDraft(
  key: string,
  about: Pick<Draft, 'dyad_id' | 'protocol_version' | 'opened_at'>,
  now: Date,
): Promise<Draft> {
  const fresh: Draft = { key, id: newId(), started_at: now.toISOString(), answers: {}, timing: {}, ...about };
  const tx = (await database()).transaction('drafts', 'readwrite', { durability: 'strict' });
  const known = await tx.store.get(key);
  await Promise.all([known ?? tx.store.add(fresh), tx.done]);
  return known ?? fresh;
}

/** Written at every answer. A draft that another tab has turned into an entry is not brought back to life. */
export async function keepDraft(draft: Draft): Promise<void> {
  const tx = (await database()).transaction('drafts', 'readwrite', { durability: 'strict' });
  const isAlive = (await tx.store.get(draft.key))?.id === draft.id;
  await Promise.all([isAlive && tx.store.put(draft), tx.done]);
}
