import { flush } from './sender';

interface SyncRegistration extends ServiceWorkerRegistration {
  sync?: { register(tag: string): Promise<void> };
}

/**
 * Sends now, and asks the browser to wake the service worker when there is a network again, should this page be gone
 * by then. Not every browser can do the latter; the outbox is also tried on every start, return and push.
 */
export async function sendSoon(): Promise<void> {
  await Promise.allSettled([flush(), wakeLater()]);
}

async function wakeLater(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration('/app/');
  await (registration as SyncRegistration | undefined)?.sync?.register('outbox');
}
