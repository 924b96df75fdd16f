import { vi } from 'vitest';
import type { OutboxKind } from '../../src/lib/db';

interface Sent {
  url: string;
  body: string;
  token: string | null;
}
export type Answer = (sent: Sent) => Response | Promise<Response>;

/** A phone with these modules freshly loaded, and a study that answers as told. */
export async function phone(answer: Answer) {
  const sent: Sent[] = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const request = { url, body: String(init.body), token: new Headers(init.headers).get('Authorization') };
    sent.push(request);
    return answer(request);
  });
  const outbox = await import('../../src/lib/outbox');
  const db = await import('../../src/lib/db');
  const { flush } = await import('../../src/lib/sender');
  await db.keepSingle('device', { token: 'dyt_test' });
  const put = async (
    id: string,
    kind: OutboxKind = 'entry',
    body = `{"entry_id":"${id}"}`,
    dyad_id = 'd1',
  ) => {
    const row = await outbox.rowFor({ kind, id, dyad_id, body }, new Date('2026-11-22T10:00:00Z'));
    await (await db.database()).add('outbox', row);
  };
  const kept = async () => (await db.database()).getAll('kept');
  return { ...outbox, ...db, flush, sent, put, kept };
}

export const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
export const idIn = (url: string) => url.split('/').at(-1)!;
export const receiptFor: Answer = async ({ url, body }) => {
  const { sha256 } = await import('../../src/lib/ids');
  const content_sha256 = await sha256(body);
  return json(200, {
    id: idIn(url),
    content_sha256,
    kept: 'stored',
    reason: null,
    received_at: '2026-11-22T10:00:01Z',
  });
};
