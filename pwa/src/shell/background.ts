import { outboxRows } from '../lib/outbox';
import { recheck } from '../lib/push';
import { refresh } from '../lib/refresh';
import { flush } from '../lib/sender';
import { goTo } from './router.svelte';
import { session } from './session.svelte';

const EVERY_MS = 60_000;

/** What goes on behind the screens. Fetched after the first screen stands, so that the form never waits for it. */
export async function start(): Promise<void> {
  addEventListener('online', () => void catchUp());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void catchUp();
  });
  setInterval(() => {
    if (document.visibilityState === 'visible') void catchUp();
  }, EVERY_MS);
  void catchUp(true);
  await watchServiceWorker();
  await recheck().catch(() => undefined);
}

/** Parked rows too: what the study refused once, it may accept after somebody put it right. */
export async function sendNow(): Promise<void> {
  await flush(true).catch(() => undefined);
}

/** Sends first: what the study then says about prompts already knows these entries. */
export async function catchUp(isStart = false): Promise<void> {
  if (!session.enrolled) return;
  session.now = Date.now();
  if ((await outboxRows()).length > 0) await flush(isStart).catch(() => undefined);
  await refresh().catch(() => undefined);
}

async function watchServiceWorker(): Promise<void> {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ open?: string }>) => {
    if (data.open) goTo(data.open);
  });
  const registration = await navigator.serviceWorker.register('/app/sw.js', { scope: '/app/' });
  const noteWaiting = () =>
    (session.updateReady = registration.waiting !== null && registration.active !== null);
  noteWaiting();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', noteWaiting);
  });
}

/** Only ever called from a button: the new version takes over and this page starts again. */
export async function takeUpdate(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration('/app/');
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  registration?.waiting?.postMessage('take over');
}
