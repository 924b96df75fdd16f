import { describe, expect, it, vi } from 'vitest';
import { idIn, json, phone, receiptFor } from './phone';

describe('sending', () => {
  it('goes in order, as this device, and remembers what the study keeps', async () => {
    const p = await phone(receiptFor);
    await p.put('a1');
    await p.put('a2');
    expect(await p.flush()).toBe('sent');
    expect(p.sent.map(({ url }) => url)).toEqual(['/api/v1/entries/a1', '/api/v1/entries/a2']);
    expect(p.sent[0]!.token).toBe('Bearer dyt_test');
    expect(await p.outboxRows()).toEqual([]);
    expect((await p.kept()).map(({ id, receipt }) => [id, receipt?.kept])).toEqual([
      ['a1', 'stored'],
      ['a2', 'stored'],
    ]);
  });

  it('sends each kind to its own place', async () => {
    const p = await phone(async (sent) =>
      sent.url.includes('/dyads/')
        ? json(200, { dyad_id: idIn(sent.url), started_on: '2026-11-22' })
        : receiptFor(sent),
    );
    await p.put('d1', 'dyad', '{"started_on":"2026-11-22"}');
    await p.put('q1', 'assessment');
    expect(await p.flush()).toBe('sent');
    expect(p.sent.map(({ url }) => url)).toEqual(['/api/v1/dyads/d1', '/api/v1/assessments/q1']);
  });

  it('sends the same bytes again after a lost answer', async () => {
    let lost = true;
    const p = await phone((sent) => {
      if (!lost) return receiptFor(sent);
      lost = false;
      throw new TypeError('network');
    });
    await p.put('a1', 'entry', '{"entry_id":"a1","note":"coördinatie 🦊"}');
    expect(await p.flush()).toBe('no_connection');
    expect(await p.outboxRows()).toHaveLength(1);
    expect(await p.flush()).toBe('sent');
    expect(p.sent[1]!.body).toBe(p.sent[0]!.body);
    expect(await p.outboxRows()).toEqual([]);
  });

  it.each([
    ['another id', { id: 'a2', content_sha256: 'right' }],
    ['another hash', { id: 'a1', content_sha256: '0'.repeat(64) }],
    ['no hash', { id: 'a1' }],
    ['nothing', null],
  ])('never deletes on a receipt with %s', async (_name, receipt) => {
    const p = await phone(() => json(200, receipt));
    await p.put('a1');
    expect(await p.flush()).toBe('wrong_receipt');
    expect(await p.outboxRows()).toMatchObject([{ id: 'a1', state: 'waiting' }]);
    expect(await p.kept()).toEqual([]);
  });

  it('never deletes on an answer cut short', async () => {
    const p = await phone(() => new Response('{"id":"a1","content_sh', { status: 200 }));
    await p.put('a1');
    expect(await p.flush()).toBe('wrong_receipt');
    expect(await p.outboxRows()).toHaveLength(1);
  });

  it.each([
    [400, 'malformed'],
    [403, 'not_allowed'],
    [404, 'not_found'],
    [409, 'refused'],
    [409, 'dyads_full'],
    [413, 'too_large'],
    [422, 'malformed'],
  ])('parks a row refused with %i %s, with the reason, and goes on', async (status, code) => {
    const p = await phone((sent) =>
      sent.url.endsWith('a1') ? json(status, { code, sentence: 'No.' }) : receiptFor(sent),
    );
    await p.put('a1');
    await p.put('a2');
    expect(await p.flush()).toBe('sent');
    expect(await p.outboxRows()).toMatchObject([{ id: 'a1', state: 'parked', reason: code }]);
    expect((await p.kept()).map(({ id }) => id)).toEqual(['a2']);
    await p.flush();
    expect(p.sent.filter(({ url }) => url.endsWith('a1'))).toHaveLength(1);
  });

  it.each([
    ['the page of a proxy', 404, '404 page not found'],
    ['a filter in between', 403, '<html>Blocked</html>'],
    ['somebody else’s error', 400, '{"code":"bad_gateway_policy"}'],
    ['an error without a code', 422, '{"detail":"x"}'],
    ['a login of the network', 401, '<html>Sign in</html>'],
    ['a plain string', 413, '"too_large"'],
  ])('keeps everything waiting when %s answers', async (_name, status, text) => {
    let away = true;
    const p = await phone((sent) => (away ? new Response(text, { status }) : receiptFor(sent)));
    await p.put('a1');
    await p.put('a2');
    expect(await p.flush()).toBe('study_unavailable');
    expect(p.sent).toHaveLength(1);
    expect(await p.outboxRows()).toMatchObject([{ state: 'waiting' }, { state: 'waiting' }]);
    away = false;
    expect(await p.flush()).toBe('sent');
    expect(await p.outboxRows()).toEqual([]);
  });

  it('tries what is parked again when asked to', async () => {
    let full = true;
    const p = await phone((sent) => (full ? json(409, { code: 'refused' }) : receiptFor(sent)));
    await p.put('a1');
    await p.flush();
    expect(await p.outboxRows()).toMatchObject([{ state: 'parked' }]);
    full = false;
    await p.flush();
    expect(p.sent).toHaveLength(1);
    expect(await p.flush(true)).toBe('sent');
    expect(await p.outboxRows()).toEqual([]);
    expect(await p.kept()).toHaveLength(1);
  });

  it('parks on disk before it goes on', async () => {
    const p = await phone(() => json(409, { code: 'refused' }));
    await p.put('a1');
    const opened = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await p.flush();
    const writes = opened.mock.calls.filter(([tables, mode]) => tables === 'outbox' && mode === 'readwrite');
    expect(writes.map(([, , options]) => options)).toEqual([{ durability: 'strict' }]);
  });

  it('holds back what is about a dyad until the study has that dyad', async () => {
    let full = true;
    const p = await phone((sent) => {
      if (!sent.url.includes('/dyads/')) return receiptFor(sent);
      return full ? json(409, { code: 'dyads_full' }) : json(200, { dyad_id: idIn(sent.url) });
    });
    await p.put('q1', 'assessment', '{}', 'd2');
    await p.put('d2', 'dyad', '{"started_on":"2026-11-22"}', 'd2');
    await p.put('a1', 'entry', '{}', 'd1');
    expect(await p.flush()).toBe('sent');
    expect(p.sent.map(({ url }) => idIn(url))).toEqual(['d2', 'a1']);
    expect((await p.outboxRows()).map(({ id, state }) => [id, state])).toEqual([
      ['q1', 'waiting'],
      ['d2', 'parked'],
    ]);
    full = false;
    expect(await p.flush(true)).toBe('sent');
    expect(p.sent.slice(2).map(({ url }) => idIn(url))).toEqual(['d2', 'q1']);
    expect(await p.outboxRows()).toEqual([]);
  });

  it('says that the phone is not recognised only in the study’s own words', async () => {
    const p = await phone(() => json(401, { code: 'not_signed_in' }));
    await p.put('a1');
    expect(await p.flush()).toBe('not_recognised');
    expect(await p.outboxRows()).toMatchObject([{ state: 'waiting' }]);
  });

  it.each([
    [401, 'study_unavailable'],
    [408, 'study_unavailable'],
    [425, 'study_unavailable'],
    [429, 'study_unavailable'],
    [500, 'study_unavailable'],
    [503, 'study_unavailable'],
  ])('stops at %i and keeps everything waiting', async (status, outcome) => {
    const p = await phone(() => json(status, { code: 'x' }));
    await p.put('a1');
    await p.put('a2');
    expect(await p.flush()).toBe(outcome);
    expect(p.sent).toHaveLength(1);
    expect(await p.outboxRows()).toMatchObject([{ state: 'waiting' }, { state: 'waiting' }]);
    expect((await p.single('sender'))?.outcome).toBe(outcome);
  });

  it('has one sender at a time, and sees what was added meanwhile', async () => {
    let underway = 0;
    let most = 0;
    const p = await phone(async (sent) => {
      most = Math.max(most, ++underway);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underway--;
      return receiptFor(sent);
    });
    await p.put('a1');
    const first = p.flush();
    await p.put('a2');
    await Promise.all([first, p.flush(), p.flush()]);
    expect(most).toBe(1);
    expect(p.sent.map(({ url }) => idIn(url))).toEqual(['a1', 'a2']);
  });

  it('gives up on a study that does not answer', async () => {
    const signals: (AbortSignal | null | undefined)[] = [];
    const p = await phone(receiptFor);
    vi.stubGlobal('fetch', (_url: string, init: RequestInit) => {
      signals.push(init.signal);
      return Promise.reject(new DOMException('too long', 'TimeoutError'));
    });
    await p.put('a1');
    expect(await p.flush()).toBe('no_connection');
    expect(signals[0]).toBeInstanceOf(AbortSignal);
  });
});
