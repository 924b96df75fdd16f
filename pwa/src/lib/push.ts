import { database, keepSingle, single } from './db';
import { base64url, fromBase64url } from './ids';
import { deleteSubscription, putSubscription } from './study';

const PATIENCE_MS = 15_000;

export type PushState = 'unsupported' | 'ask' | 'denied' | 'on' | 'off';

export async function pushState(): Promise<PushState> {
  if (!('PushManager' in window) || !('Notification' in window)) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  const chosen = await single('notifications');
  if (!chosen) return 'ask';
  return Notification.permission === 'granted' && (await currentSubscription()) ? 'on' : 'off';
}

/** Called from a tap. True when the study can now send to this phone. */
export async function switchOn(choice: 'with' | 'without'): Promise<PushState | 'failed'> {
  if ((await Notification.requestPermission()) !== 'granted') return 'denied';
  await keepSingle('notifications', choice);
  return (await withPatience(subscribe())) ? 'on' : 'failed';
}

/** On every start: a subscription dies unnoticed, so it is compared with the study's key and reported afresh. */
export async function recheck(): Promise<void> {
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  if (!(await single('notifications')) || !(await single('device'))) return;
  await withPatience(subscribe());
}

/** The choice goes first: with it gone, no later start subscribes again. */
export async function switchOff(): Promise<void> {
  await (await database()).delete('singles', 'notifications');
  await keepSingle('notifications_later', true);
  await (await currentSubscription())?.unsubscribe();
  await deleteSubscription();
}

async function subscribe(): Promise<boolean> {
  const key = (await single('me'))?.vapid_public_key;
  if (!key) return false;
  const { pushManager } = await navigator.serviceWorker.ready;
  let subscription = await pushManager.getSubscription();
  if (subscription && !usesKey(subscription, key)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: fromBase64url(key),
  });
  const { endpoint, keys } = subscription.toJSON();
  if (!endpoint || !keys?.p256dh || !keys.auth) return false;
  await putSubscription({ endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } });
  return true;
}

function usesKey(subscription: PushSubscription, key: string): boolean {
  const used = subscription.options?.applicationServerKey;
  if (!used) return true; // the browser does not tell
  const text = typeof used === 'string' ? used : base64url(new Uint8Array(used));
  return text === key.replaceAll('=', '');
}

async function currentSubscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker?.getRegistration('/app/');
  return (await registration?.pushManager?.getSubscription()) ?? null;
}

/** A subscribe call may hang for minutes where the push service cannot be reached. */
async function withPatience(trying: Promise<boolean>): Promise<boolean> {
  const tooLong = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), PATIENCE_MS));
  return Promise.race([trying.catch(() => false), tooLong]);
}
