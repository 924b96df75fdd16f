import { tell } from './channel';
import { database, keepSingle, single, type SenderState } from './db';
import { fetchMe, fetchPrompts, fetchProtocol, Refused } from './study';

/** Fetches what the phone shows offline. What cannot be fetched stays as it was. */
export async function refresh(): Promise<void> {
  if (!(await single('device'))) return;
  try {
    const me = await fetchMe();
    await keepSingle('me', me);
    await fetchProtocolUnlessHere(me.protocol_version);
    const list = await fetchPrompts();
    await keepSingle('prompts', { ...list, ahead: Date.parse(list.as_of) - Date.now() });
    if ((await single('sender'))?.outcome === 'not_recognised') await noteSender('sent');
  } catch (error) {
    if (error instanceof Refused && error.code === 'not_signed_in') await noteSender('not_recognised');
    throw error;
  } finally {
    tell('prompts');
  }
}

/** A phone that the study no longer knows should say so, also when it has nothing to send. */
function noteSender(outcome: SenderState['outcome']): Promise<void> {
  return keepSingle('sender', { at: new Date().toISOString(), outcome });
}

async function fetchProtocolUnlessHere(wanted: number): Promise<void> {
  const db = await database();
  if (await db.get('protocols', wanted)) return; // a published version never changes
  const { version, protocol } = await fetchProtocol();
  await db.put('protocols', { version, protocol });
}
