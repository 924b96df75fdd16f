import { database, keepSingle, single, type Attempt } from './db';
import { newDeviceToken } from './ids';
import { refresh } from './refresh';
import { keepStorage } from './storage';
import { enrol } from './study';

/**
 * Joins the study. The attempt is on disk before it is sent: when the answer is lost, the same code goes out again
 * with the same token, and the study answers the same.
 */
export async function join(wish: Omit<Attempt, 'token'>): Promise<void> {
  const before = await single('attempt');
  const token = before?.code === wish.code ? before.token : newDeviceToken();
  await keepSingle('attempt', { ...wish, token });
  await finishJoining({ ...wish, token });
}

/** Also called on its own for an attempt left over from before: its invitation may be used up by that very attempt. */
export async function finishJoining(attempt: Attempt): Promise<void> {
  const me = await enrol(attempt);
  const tx = (await database()).transaction('singles', 'readwrite', { durability: 'strict' });
  await Promise.all([
    tx.store.put({ token: attempt.token }, 'device'),
    tx.store.put(me, 'me'),
    tx.store.put(attempt.language, 'language'),
    tx.store.delete('attempt'),
    tx.done,
  ]);
  // From here the person is in: what fails now is tried again on every start.
  await keepStorage().catch(() => undefined);
  await refresh().catch(() => undefined);
}

export async function forgetAttempt(): Promise<void> {
  await (await database()).delete('singles', 'attempt');
}
