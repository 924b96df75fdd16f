import { tell } from './channel';
import { database, type Kept, type OutboxRow } from './db';
import { sha256 } from './ids';

export type NewRow = Pick<OutboxRow, 'kind' | 'id' | 'dyad_id' | 'body'> &
  Partial<Pick<OutboxRow, 'prompt_id' | 'instrument'>>;

/** A row as it lies in the table. */
export type SentRow = OutboxRow & { seq: number };

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
 * only then may a screen say "saved". Nothing is added only when this very entry is there already; a draft that is
 * gone proves nothing, the storage may have been wiped.
 */
export async function moveDraftToOutbox(draftKey: string, row: OutboxRow): Promise<'saved' | 'saved_before'> {
  const tables = ['drafts', 'outbox', 'kept'] as const;
  const tx = (await database()).transaction(tables, 'readwrite', { durability: 'strict' });
  const [draft, ...before] = await Promise.all([
    tx.objectStore('drafts').get(draftKey),
    tx.objectStore('outbox').index('id').getKey(row.id),
    tx.objectStore('kept').getKey(row.id),
  ]);
  const isNew = before.every((key) => key === undefined);
  await Promise.all([
    isNew && tx.objectStore('outbox').add(row),
    draft?.id === row.id && tx.objectStore('drafts').delete(draftKey),
    tx.done,
  ]);
  tell('outbox');
  return isNew ? 'saved' : 'saved_before';
}

/** An assessment that the study set apart does not count: the questions are open again. */
export function isBaseline(row: OutboxRow | Kept, dyadId: string, instrument: string): boolean {
  return (
    row.kind === 'assessment' &&
    row.dyad_id === dyadId &&
    row.instrument === instrument &&
    (!('receipt' in row) || row.receipt?.kept === 'stored')
  );
}

export async function outboxRows(): Promise<OutboxRow[]> {
  return (await database()).getAll('outbox');
}

/**
 * The next row to try. What is about a dyad waits until the study has that dyad: it would be set apart there as being
 * about somebody unknown.
 */
export async function nextToSend(
  tried: ReadonlySet<number>,
  withParked: boolean,
): Promise<SentRow | undefined> {
  const rows = (await outboxRows()) as SentRow[];
  const unknown = new Set(rows.filter(({ kind }) => kind === 'dyad').map(({ id }) => id));
  return rows.find(
    ({ seq, state, kind, dyad_id }) =>
      !tried.has(seq) && (withParked || state === 'waiting') && (kind === 'dyad' || !unknown.has(dyad_id)),
  );
}

/** The row leaves and "kept by the study" comes in, together. */
export async function settle(row: SentRow, receipt: Kept['receipt']): Promise<void> {
  const { id, kind, dyad_id, prompt_id, instrument, saved_at } = row;
  const tx = (await database()).transaction(['outbox', 'kept'], 'readwrite', { durability: 'strict' });
  await Promise.all([
    tx.objectStore('kept').put({ id, kind, dyad_id, prompt_id, instrument, saved_at, receipt }),
    tx.objectStore('outbox').delete(row.seq),
    tx.done,
  ]);
}

/** Refused by the study itself: it stays on the phone, visibly, with the reason. */
export async function park(row: SentRow, reason: string): Promise<void> {
  const tx = (await database()).transaction('outbox', 'readwrite', { durability: 'strict' });
  await Promise.all([tx.store.put({ ...row, state: 'parked', reason }), tx.done]);
}
