import { tell } from './channel';
import { database, keepSingle, single } from './db';
import { fetchMe, fetchPrompts, fetchProtocol } from './study';

/** Fetches what the phone shows offline. What cannot be fetched stays as it was. */
export async function refresh(): Promise<void> {
  if (!(await single('device'))) return;
  try {
    const me = await fetchMe();
    await keepSingle('me', me);
    await fetchProtocolUnlessHere(me.protocol_version);
    const list = await fetchPrompts();
    await keepSingle('prompts', { ...list, ahead: Date.parse(list.as_of) - Date.now() });
  } finally {
    tell('prompts');
  }
}

async function fetchProtocolUnlessHere(wanted: number): Promise<void> {
  const db = await database();
  if (await db.get('protocols', wanted)) return; // a published version never changes
  const { version, protocol } = await fetchProtocol();
  await db.put('protocols', { version, protocol });
}
