import { database } from './db';
import { newId } from './ids';
import { openLabel, sealLabel } from './labels';
import { rowFor } from './outbox';
import { localDate } from './when';

export interface Dyad {
  dyad_id: string;
  started_on: string;
  /** Null when this phone can no longer open it. */
  nickname: string | null;
}

/** The nickname stays here; what is queued for the study is a random id and a date. */
export async function addDyad(nickname: string, now: Date): Promise<string> {
  const dyad_id = newId();
  const started_on = localDate(now);
  const label = await sealLabel(dyad_id, nickname);
  const row = await rowFor({ kind: 'dyad', id: dyad_id, dyad_id, body: JSON.stringify({ started_on }) }, now);
  const tx = (await database()).transaction(['roster', 'outbox'], 'readwrite', { durability: 'strict' });
  await Promise.all([
    tx.objectStore('roster').add({ dyad_id, started_on, added_at: now.toISOString(), ...label }),
    tx.objectStore('outbox').add(row),
    tx.done,
  ]);
  return dyad_id;
}

export async function readRoster(): Promise<Dyad[]> {
  const sealed = await (await database()).getAll('roster');
  const inOrder = sealed.sort((a, b) => a.added_at.localeCompare(b.added_at));
  const dyads = inOrder.map(async (dyad) => {
    const nickname = await openLabel(dyad).catch(() => null);
    return { dyad_id: dyad.dyad_id, started_on: dyad.started_on, nickname };
  });
  return Promise.all(dyads);
}
