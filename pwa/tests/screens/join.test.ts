import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { expect, it, vi } from 'vitest';
import type { Attempt } from '../../src/lib/db';

const ATTEMPT: Attempt = {
  code: 'WELKOM',
  token: 'dyt_the_only_key',
  consent: { version: 1, language: 'nl', text_sha256: 'a'.repeat(64), agreed: true },
  zone: 'Europe/Amsterdam',
  language: 'nl',
};
const json = (status: number, code: string) => Response.json({ code, sentence: 'No.' }, { status });

/** A phone whose enrolment was sent, and whose answer was lost on the way. */
async function finishing(answer: () => Response) {
  vi.stubGlobal('fetch', async () => answer());
  const { keepSingle, single } = await import('../../src/lib/db');
  await keepSingle('attempt', ATTEMPT);
  const { session } = await import('../../src/shell/session.svelte');
  await session.reload();
  const { default: Join } = await import('../../src/screens/join/Join.svelte');
  render(Join);
  const alert = await screen.findByRole('alert');
  return { text: alert.textContent ?? '', attempt: () => single('attempt'), single };
}

it.each([
  ['a proxy’s page', () => new Response('404 page not found', { status: 404 })],
  ['a filter', () => new Response('<html>Blocked</html>', { status: 403 })],
  ['too many requests', () => new Response('429', { status: 429 })],
  ['a login of the network', () => new Response('Sign in', { status: 401 })],
  ['somebody else’s error', () => json(404, 'route_not_found')],
  ['a study that is busy', () => json(503, 'error')],
])('keeps the attempt after %s, and says to try again', async (_name, answer) => {
  const { text, attempt, single } = await finishing(answer);
  expect(text).toMatch(/no connection|geen verbinding/);
  expect(await attempt()).toEqual(ATTEMPT);
  vi.stubGlobal('fetch', async () =>
    Response.json({ pseudonym: 'P-1', protocol_version: 1, dyads: [], language: 'nl' }),
  );
  await fireEvent.click(screen.getByText(/Try again|Opnieuw proberen/));
  await waitFor(async () => expect(await single('device')).toEqual({ token: ATTEMPT.token }));
});

it.each([
  [404, 'invitation_unusable', /does not work|werkt niet/],
  [422, 'consent_mismatch', /once more|opnieuw/],
])('forgets the attempt after the study’s own %i %s', async (status, code, said) => {
  const { text, attempt } = await finishing(() => json(status, code));
  expect(text).toMatch(said);
  expect(await attempt()).toBeUndefined();
});

it('leads back to the code when a typed one could not be looked up', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
  const { session } = await import('../../src/shell/session.svelte');
  await session.reload();
  const { default: Join } = await import('../../src/screens/join/Join.svelte');
  render(Join);
  await fireEvent.input(screen.getByTestId('join-code'), { target: { value: 'WELKOM' } });
  await fireEvent.submit(screen.getByTestId('join-code').closest('form')!);
  await fireEvent.click(await screen.findByText(/Try again|Opnieuw proberen/));
  expect(await screen.findByTestId('join-code')).toBeTruthy();
});
