import { keepSingle, single } from './db';

/** Asks the browser once to keep this app's storage, and remembers what it said (null: it cannot be asked). */
export async function keepStorage(): Promise<void> {
  if ((await single('persisted')) !== undefined) return;
  const persist = navigator.storage?.persist?.bind(navigator.storage);
  await keepSingle('persisted', persist ? await persist() : null);
}

export function isQuota(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError';
}
