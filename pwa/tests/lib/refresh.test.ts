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
