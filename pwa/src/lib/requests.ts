import { single } from './db';

export const API = '/api/v1';
const PATIENCE_MS = 15_000;

/**
 * One request to the study, given up after 15 seconds. Its outcome is the only truth about being online:
 * the browser's own idea of it lies. A redirect is somebody else's login page, never an answer of ours.
 */
export function send(target: string | Request, init: RequestInit = {}): Promise<Response> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return fetch(target, { ...init, signal, redirect: 'error', credentials: 'omit', cache: 'no-store' });
}

export async function sendAsDevice(target: string | Request, init: RequestInit = {}): Promise<Response> {
  const device = await single('device');
  const headers = new Headers(init.headers ?? (typeof target === 'string' ? undefined : target.headers));
  if (device) headers.set('Authorization', `Bearer ${device.token}`);
  return send(target, { ...init, headers });
}
