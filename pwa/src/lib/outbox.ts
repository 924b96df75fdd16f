import { database, type Kept, type OutboxRow } from './db';
import { sha256 } from './ids';

export type NewRow = Pick<OutboxRow, 'kind' | 'id' | 'dyad_id' | 'body'> &
  Partial<Pick<OutboxRow, 'prompt_id' | 'instrument'>>;

export async function rowFor(row: NewRow, savedAt: Date): Promise<OutboxRow> {
  return {
    prompt_id: null,
    instrument: null,
    ...row,
    sha256: await sha256(row.body),
    saved_at: savedAt.toISOString(),
    state: 'waiting',
    reason: null,
  };
}

/**
 * The completed form goes in and its draft goes out in one transaction that is on disk when this returns:
 * only then may a screen say "saved". When the draft is gone, another tab has saved it and nothing is added.
 */
export async function moveDraftToOutbox(draftKey: string, row: OutboxRow): Promise<'saved' | 'saved_before'> {
  const tx = (await database()).transaction(['drafts', 'outbox'], 'readwrite', { durability: 'strict' });
  const drafts = tx.objectStore('drafts');
  const isOurs = (await drafts.get(draftKey))?.id === row.id;
  const changes = isOurs ? [tx.objectStore('outbox').add(row), drafts.delete(draftKey)] : [];
  await Promise.all([...changes, tx.done]);
  return isOurs ? 'saved' : 'saved_before';
}

export async function outboxRows(): Promise<OutboxRow[]> {
  return (await database()).getAll('outbox');
}

export async function nextWaiting(after: number): Promise<(OutboxRow & { seq: number }) | undefined> {
  const rows = await (await database()).getAll('outbox', IDBKeyRange.lowerBound(after, true));
  return rows.find(
    (row): row is OutboxRow & { seq: number } => row.state === 'waiting' && row.seq !== undefined,
  );
}

/** The row leaves and "kept by the study" comes in, together. */
export async function settle(row: OutboxRow & { seq: number }, receipt: Kept['receipt']): Promise<void> {
  const { id, kind, dyad_id, prompt_id, instrument, saved_at } = row;
  const tx = (await database()).transaction(['outbox', 'kept'], 'readwrite', { durability: 'strict' });
  await Promise.all([
    tx.objectStore('kept').put({ id, kind, dyad_id, prompt_id, instrument, saved_at, receipt }),
    tx.objectStore('outbox').delete(row.seq),
    tx.done,
  ]);
}

/** Refused for good: it stays on the phone, visibly, with the reason. */
export async function park(row: OutboxRow & { seq: number }, reason: string): Promise<void> {
  await (await database()).put('outbox', { ...row, state: 'parked', reason });
}
