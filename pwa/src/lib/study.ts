import createClient from 'openapi-fetch';
import type { paths } from './api.gen';
import type { Attempt } from './db';
import { send, sendAsDevice } from './requests';
import type { Lookup, Me, Prompts, PublishedProtocol, Subscription } from './wire';

/** The study said no, with a code that screens turn into a sentence in the reader's language. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`${status} ${code}`);
  }
}

const asAnyone = createClient<paths>({ baseUrl: self.location.origin, fetch: (request) => send(request) });
const asDevice = createClient<paths>({
  baseUrl: self.location.origin,
  fetch: (request) => sendAsDevice(request),
});

export async function lookUpInvitation(code: string): Promise<Lookup> {
  return answer(await asAnyone.POST('/api/v1/invitations/lookup', { body: { code } })) as Lookup;
}

export async function enrol({ code, token, consent, zone, language }: Attempt): Promise<Me> {
  const body = { code, device_token: token, consent, zone, language };
  return answer(await asAnyone.POST('/api/v1/enrolments', { body }));
}

export async function fetchMe(): Promise<Me> {
  return answer(await asDevice.GET('/api/v1/me'));
}

export async function fetchProtocol(): Promise<PublishedProtocol> {
  return answer(await asDevice.GET('/api/v1/protocol')) as unknown as PublishedProtocol;
}

export async function fetchPrompts(): Promise<Prompts> {
  return answer(await asDevice.GET('/api/v1/prompts'));
}

export async function putSubscription(body: Subscription): Promise<void> {
  answer(await asDevice.PUT('/api/v1/push-subscription', { body }));
}

export async function deleteSubscription(): Promise<void> {
  answer(await asDevice.DELETE('/api/v1/push-subscription'));
}

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

function answer<T>({ data, error, response }: Outcome<T>): T {
  if (response.ok) return data as T;
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
  throw new Refused(response.status, code);
}
