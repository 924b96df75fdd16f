import { API, send, sendAsDevice } from './requests';
import type { Attempt } from './db';
import type { Lookup, Me, Prompt, PublishedProtocol, Refusal } from './wire';

/** The study said no, with a code that screens turn into a sentence in the reader's language. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`${status} ${code}`);
  }
}

export const lookUpInvitation = (code: string) =>
  answer<Lookup>(send(`${API}/invitations/lookup`, json('POST', { code })));

export const enrol = ({ code, token, consent, zone, language }: Attempt) =>
  answer<Me>(send(`${API}/enrolments`, json('POST', { code, device_token: token, consent, zone, language })));

export const fetchMe = () => answer<Me>(sendAsDevice(`${API}/me`));

export const fetchProtocol = () => answer<PublishedProtocol>(sendAsDevice(`${API}/protocol`));

export const fetchPrompts = () => answer<{ as_of: string; prompts: Prompt[] }>(sendAsDevice(`${API}/prompts`));

export const putSubscription = (subscription: { endpoint: string; keys: { p256dh: string; auth: string } }) =>
  answer<void>(sendAsDevice(`${API}/push-subscription`, json('PUT', subscription)));

export const deleteSubscription = () => answer<void>(sendAsDevice(`${API}/push-subscription`, { method: 'DELETE' }));

function json(method: string, body: unknown): RequestInit {
  return { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

async function answer<T>(sending: Promise<Response>): Promise<T> {
  const response = await sending;
  if (response.status === 204) return undefined as T;
  const content = (await response.json().catch(() => null)) as unknown;
  if (!response.ok) throw new Refused(response.status, (content as Refusal | null)?.code ?? 'unknown');
  return content as T;
}
