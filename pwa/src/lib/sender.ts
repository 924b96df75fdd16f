import { tell } from './channel';
import { keepSingle, type OutboxKind, type OutboxRow, type SenderState } from './db';
import { nextWaiting, park, settle } from './outbox';
import { API, sendAsDevice } from './requests';
import type { Receipt } from './wire';

type Row = OutboxRow & { seq: number };
type Halt = Exclude<SenderState['outcome'], 'sent'>;

const NOUN: Record<OutboxKind, string> = { dyad: 'dyads', assessment: 'assessments', entry: 'entries' };
const PASSING = new Set([401, 408, 425, 429]);

let queued: Promise<SenderState['outcome']> | undefined;

/**
 * Sends what waits, in order, and stops at the first sign that sending is no use now. One sender at a time over
 * all tabs and the service worker. A call made while another waits for its turn shares that turn.
 */
export function flush(): Promise<SenderState['outcome']> {
  queued ??= (async () => {
    return await navigator.locks.request('dyade-outbox', takeTurn);
  })();
  return queued;
}

async function takeTurn(): Promise<SenderState['outcome']> {
  queued = undefined;
  const { outcome, attempted } = await sendAll();
  if (attempted) {
    await keepSingle('sender', { at: new Date().toISOString(), outcome });
    tell('outbox');
  }
  return outcome;
}

async function sendAll(): Promise<{ outcome: SenderState['outcome']; attempted: boolean }> {
  let after = 0;
  for (;;) {
    const row = await nextWaiting(after);
    if (!row) return { outcome: 'sent', attempted: after > 0 };
    const halt = await sendRow(row);
    if (halt) return { outcome: halt, attempted: true };
    after = row.seq;
    tell('outbox');
  }
}

async function sendRow(row: Row): Promise<Halt | null> {
  let response: Response;
  let answer: unknown;
  try {
    response = await sendAsDevice(`${API}/${NOUN[row.kind]}/${row.id}`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: row.body,
    });
    answer = await response.json().catch(() => null);
  } catch {
    return 'no_connection';
  }
  if (response.ok) {
    if (!confirms(answer, row)) return 'wrong_receipt';
    await settle(row, row.kind === 'dyad' ? null : (answer as Receipt));
    return null;
  }
  if (response.status === 401) return 'not_recognised';
  if (response.status >= 500 || response.status < 400 || PASSING.has(response.status))
    return 'study_unavailable';
  await park(row, codeIn(answer) ?? `http_${response.status}`);
  return null;
}

/** A receipt counts only when it names this id and these bytes; a dyad is confirmed by its id. */
function confirms(answer: unknown, row: Row): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  if (row.kind === 'dyad') return 'dyad_id' in answer && answer.dyad_id === row.id;
  return (
    'id' in answer &&
    answer.id === row.id &&
    'content_sha256' in answer &&
    answer.content_sha256 === row.sha256
  );
}

function codeIn(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null || !('code' in answer)) return null;
  return typeof answer.code === 'string' ? answer.code : null;
}
