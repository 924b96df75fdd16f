import { render, screen } from '@testing-library/svelte';
import { expect, it, vi } from 'vitest';

const ME = { pseudonym: 'P-1', protocol_version: 1, dyads: [], language: 'nl' };
const PROTOCOL = { version: 1, protocol: { version: 1 } };

async function studyAnswers(answer: (path: string) => Response): Promise<void> {
  vi.stubGlobal('fetch', async (request: Request) => answer(new URL(request.url).pathname));
  const { keepSingle } = await import('../../src/lib/db');
  await keepSingle('device', { token: 'dyt_test' });
}

it('keeps how far the study’s clock is ahead of this phone’s', async () => {
  const as_of = new Date(Date.now() + 3_600_000).toISOString();
  await studyAnswers((path) =>
    Response.json(path.endsWith('/me') ? ME : path.endsWith('/prompts') ? { as_of, prompts: [] } : PROTOCOL),
  );
  const { single } = await import('../../src/lib/db');
  const { refresh } = await import('../../src/lib/refresh');
  const { session } = await import('../../src/shell/session.svelte');
  await refresh();
  expect((await single('prompts'))?.ahead).toBeGreaterThan(3_590_000);
  await session.reload();
  expect(session.ahead).toBeGreaterThan(3_590_000);
});

it('says on Today that the study no longer knows this phone, until it does again', async () => {
  let known = false;
  await studyAnswers((path) => {
    if (!known) return Response.json({ code: 'not_signed_in', sentence: 'No.' }, { status: 401 });
    if (path.endsWith('/prompts')) return Response.json({ as_of: new Date().toISOString(), prompts: [] });
    return Response.json(path.endsWith('/me') ? ME : PROTOCOL);
  });
  const { refresh } = await import('../../src/lib/refresh');
  const { session } = await import('../../src/shell/session.svelte');
  const { default: Today } = await import('../../src/screens/today/Today.svelte');
  await expect(refresh()).rejects.toThrow();
  await session.reload();
  render(Today);
  expect(session.outbox).toEqual([]);
  expect(screen.getAllByText(/no longer recognises|herkent deze telefoon niet/)).toHaveLength(1);
  known = true;
  await refresh();
  await session.reload();
  expect(screen.queryByText(/no longer recognises|herkent deze telefoon niet/)).toBeNull();
});

it('does not take the login of a network for the study', async () => {
  await studyAnswers(() => new Response('Sign in', { status: 401 }));
  const { single } = await import('../../src/lib/db');
  const { refresh } = await import('../../src/lib/refresh');
  await expect(refresh()).rejects.toThrow();
  expect(await single('sender')).toBeUndefined();
});
