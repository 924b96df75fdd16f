import { tell } from './channel';
import { keepSingle, type OutboxKind, type SenderState } from './db';
import { nextToSend, park, settle, type SentRow } from './outbox';
import { API, sendAsDevice } from './requests';
import type { Receipt } from './wire';

type Halt = Exclude<SenderState['outcome'], 'sent'>;

const NOUN: Record<OutboxKind, string> = { dyad: 'dyads', assessment: 'assessments', entry: 'entries' };
const PASSING = new Set([408, 425, 429]);
/** The study's own words for no. Anything else was said by something on the way to it, and will pass. */
const FINAL = new Set(['malformed', 'too_large', 'not_found', 'not_allowed', 'refused', 'dyads_full']);

let queued: Promise<SenderState['outcome']> | undefined;
let parkedToo = false;

/**
 * Sends what waits, in order, and stops at the first sign that sending is no use now. One sender at a time over
 * all tabs and the service worker. A call made while another waits for its turn shares that turn. What is parked is
 * tried again only when asked for.
 */
export function flush(withParked = false): Promise<SenderState['outcome']> {
  parkedToo ||= withParked;
  queued ??= (async () => {
    return await navigator.locks.request('dyade-outbox', takeTurn);
  })();
  return queued;
}

async function takeTurn(): Promise<SenderState['outcome']> {
  const withParked = parkedToo;
  queued = undefined;
  parkedToo = false;
  const { outcome, attempted } = await sendAll(withParked);
  if (attempted) {
    await keepSingle('sender', { at: new Date().toISOString(), outcome });
    tell('outbox');
  }
  return outcome;
}

async function sendAll(
  withParked: boolean,
): Promise<{ outcome: SenderState['outcome']; attempted: boolean }> {
  const tried = new Set<number>();
  for (;;) {
    const row = await nextToSend(tried, withParked);
    if (!row) return { outcome: 'sent', attempted: tried.size > 0 };
    const halt = await sendRow(row);
    if (halt) return { outcome: halt, attempted: true };
    tried.add(row.seq);
    tell('outbox');
  }
}

async function sendRow(row: SentRow): Promise<Halt | null> {
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
  const code = codeIn(answer);
  if (response.status === 401 && code === 'not_signed_in') return 'not_recognised';
  if (response.status >= 500 || PASSING.has(response.status) || !FINAL.has(code)) return 'study_unavailable';
  await park(row, code);
  return null;
}

/** A receipt counts only when it names this id and these bytes; a dyad is confirmed by its id. */
function confirms(answer: unknown, row: SentRow): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  if (row.kind === 'dyad') return 'dyad_id' in answer && answer.dyad_id === row.id;
  return (
    'id' in answer &&
    answer.id === row.id &&
    'content_sha256' in answer &&
    answer.content_sha256 === row.sha256
  );
}

function codeIn(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null || !('code' in answer)) return '';
  return String(answer.code);
}
