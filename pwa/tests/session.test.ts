import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Kept, OutboxRow } from '../src/lib/db';
import type { Me } from '../src/lib/wire';
import { session } from '../src/shell/session.svelte';

const ABOUT = { id: 'q1', kind: 'assessment', dyad_id: 'd1', prompt_id: null, instrument: 'short' } as const;
const row = { ...ABOUT, state: 'waiting' } as OutboxRow;
const kept = (as: 'stored' | 'conflict' | 'quarantined') => ({ ...ABOUT, receipt: { kept: as } }) as Kept;

describe('the first questions about somebody', () => {
  beforeEach(() => {
    Object.assign(session, { outbox: [], kept: [], me: { dyads: [] } as unknown as Me });
  });

  it.each([
    ['stored', true],
    ['quarantined', false],
    ['conflict', false],
  ] as const)('kept as %s: answered is %s', (as, answered) => {
    session.kept = [kept(as)];
    expect(session.hasBaseline('d1', 'short')).toBe(answered);
  });

  it('are answered while they wait to be sent, and when the study says so', () => {
    expect(session.hasBaseline('d1', 'short')).toBe(false);
    session.outbox = [row];
    expect(session.hasBaseline('d1', 'short')).toBe(true);
    expect(session.hasBaseline('d2', 'short')).toBe(false);
    session.outbox = [];
    session.me = { dyads: [{ dyad_id: 'd1', baseline: ['short'] }] } as unknown as Me;
    expect(session.hasBaseline('d1', 'short')).toBe(true);
  });
});

describe('starting', () => {
  it('tries what is parked once, and again only at the next start or on request', async () => {
    const sent: string[] = [];
    vi.stubGlobal('fetch', async (target: string | Request) => {
      if (typeof target === 'string') sent.push(target);
      return Response.json({ code: 'refused' }, { status: 409 });
    });
    const { database, keepSingle } = await import('../src/lib/db');
    const { rowFor } = await import('../src/lib/outbox');
    await keepSingle('device', { token: 't' });
    await (
      await database()
    ).add('outbox', {
      ...(await rowFor({ kind: 'entry', id: 'a1', dyad_id: 'd1', body: '{}' }, new Date())),
      state: 'parked',
    });
    await session.reload();
    const { catchUp, sendNow } = await import('../src/shell/background');
    await catchUp(true);
    await catchUp();
    expect(sent).toHaveLength(1);
    await sendNow();
    expect(sent).toHaveLength(2);
  });
});
