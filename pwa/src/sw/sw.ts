import { tell } from '../lib/channel';
import { single } from '../lib/db';
import { rememberPrompt, rememberShown } from '../lib/prompts';
import { base64url } from '../lib/ids';
import { flush } from '../lib/sender';
import { reportSighting } from '../lib/sighting';
import { putSubscription } from '../lib/study';
import type { PushPayload } from '../lib/wire';
import { clearOldCaches, fromCache, precache } from './cache';
import { isAnswered, shownFor } from './shown';

declare const self: ServiceWorkerGlobalScope;

// The worker has two jobs: the app without a network, and push. It takes over only when the page asks it to.
self.addEventListener('install', (event) => event.waitUntil(precache()));
self.addEventListener('activate', (event) =>
  event.waitUntil(clearOldCaches().then(() => self.clients.claim())),
);
self.addEventListener('message', (event) => {
  if (event.data === 'take over') void self.skipWaiting();
});
self.addEventListener('fetch', (event) => {
  const answer = fromCache(event.request);
  if (answer) event.respondWith(answer);
});

self.addEventListener('push', (event) => {
  const shownAt = new Date();
  const payload = read(event.data);
  event.waitUntil(
    show(payload, shownAt.getTime())
      .then(() => afterShowing(payload, shownAt))
      .catch(() => undefined),
  );
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open((event.notification.data as { path?: string } | null)?.path ?? '/app/'));
});

// Background Sync, where there is any. A failure makes the browser try again later.
self.addEventListener('sync' as 'message', (event) => {
  (event as unknown as ExtendableEvent).waitUntil(sendAll());
});

self.addEventListener('pushsubscriptionchange' as 'message', (event) => {
  (event as unknown as ExtendableEvent).waitUntil(subscribeAgain().catch(() => undefined));
});

async function sendAll(): Promise<void> {
  const outcome = await flush();
  if (outcome !== 'sent') throw new Error(outcome);
}

function read(message: PushMessageData | null): PushPayload {
  try {
    return (message?.json() as PushPayload | null) ?? {};
  } catch {
    return {};
  }
}

async function show(payload: PushPayload, now: number): Promise<void> {
  const { title, body, tag, path, silent } = await shownFor(payload, now).catch(() => ({
    title: 'Dyade',
    body: '',
    tag: 'dyade',
    path: '/app/',
    silent: false,
  }));
  const lang = (await single('language').catch(() => undefined)) ?? 'nl';
  await self.registration.showNotification(title, {
    body,
    tag,
    lang,
    silent,
    data: { path },
    icon: '/app/icons/icon-192.png',
    badge: '/app/icons/badge-96.png',
  });
}

async function afterShowing({ prompt }: PushPayload, shownAt: Date): Promise<void> {
  if (prompt && !(await isAnswered(prompt.id))) {
    await rememberPrompt({ ...prompt, slot: '', state: 'open' });
    await rememberShown(prompt.id);
    tell('prompts');
    await reportSighting(prompt.id, { shown_at: shownAt.toISOString() });
  }
  await flush();
}

/** The message goes first: focusing may be refused, the page must hear of the prompt all the same. */
async function open(path: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: 'window' });
  const page = windows.find(({ url }) => new URL(url).pathname.startsWith('/app/'));
  if (!page) return void (await self.clients.openWindow(path));
  page.postMessage({ open: path });
  await page.focus().catch(() => undefined);
}

async function subscribeAgain(): Promise<void> {
  const key = (await single('notifications')) && (await single('me'))?.vapid_public_key;
  if (!key) return;
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const subscription = await self.registration.pushManager.subscribe(options);
  const bytes = (name: PushEncryptionKeyName) => base64url(new Uint8Array(subscription.getKey(name) ?? []));
  await putSubscription({
    endpoint: subscription.endpoint,
    keys: { p256dh: bytes('p256dh'), auth: bytes('auth') },
  });
}
