import { expect, it, vi } from 'vitest';

const WISH = {
  code: 'WELKOM',
  consent: { version: 1, language: 'nl', text_sha256: 'a'.repeat(64), agreed: true as const },
  zone: 'Europe/Amsterdam',
  language: 'nl',
};
const ME = { pseudonym: 'P-1', protocol_version: 1, dyads: [], language: 'nl' };

it('asks again with the same token after a lost answer', async () => {
  const tokens: string[] = [];
  let lost = true;
  vi.stubGlobal('fetch', async (request: Request) => {
    if (!request.url.endsWith('/enrolments')) return Response.json({ code: 'x' }, { status: 503 });
    tokens.push(((await request.json()) as { device_token: string }).device_token);
    if (lost) throw new TypeError('network');
    return Response.json(ME, { status: 201 });
  });
  const { join } = await import('../../src/lib/enrolment');
  const { single } = await import('../../src/lib/db');
  await expect(join(WISH)).rejects.toThrow();
  expect((await single('attempt'))?.token).toBe(tokens[0]);
  expect(await single('device')).toBeUndefined();
  lost = false;
  await join(WISH);
  expect(tokens).toHaveLength(2);
  expect(tokens[1]).toBe(tokens[0]);
  expect(tokens[0]).toMatch(/^dyt_[A-Za-z0-9_-]{43}$/);
  expect(await single('device')).toEqual({ token: tokens[0] });
  expect(await single('attempt')).toBeUndefined();
});

it('says which code the study refused with', async () => {
  vi.stubGlobal('fetch', () =>
    Promise.resolve(Response.json({ code: 'invitation_unusable' }, { status: 404 })),
  );
  const { lookUpInvitation } = await import('../../src/lib/study');
  await expect(lookUpInvitation('OLD')).rejects.toMatchObject({ status: 404, code: 'invitation_unusable' });
});
