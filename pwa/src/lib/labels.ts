import { database, type SealedDyad } from './db';

/**
 * Nicknames are at rest only as AES-GCM under a key that cannot be read out of this browser. The dyad id is bound in,
 * so that a label cannot be moved to another dyad.
 */
export async function sealLabel(
  dyadId: string,
  nickname: string,
): Promise<Pick<SealedDyad, 'iv' | 'sealed'>> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(nickname);
  return { iv, sealed: await crypto.subtle.encrypt(settings(iv, dyadId), await labelKey(), plain) };
}

export async function openLabel(dyad: Pick<SealedDyad, 'dyad_id' | 'iv' | 'sealed'>): Promise<string> {
  const plain = await crypto.subtle.decrypt(settings(dyad.iv, dyad.dyad_id), await labelKey(), dyad.sealed);
  return new TextDecoder().decode(plain);
}

function settings(iv: Uint8Array<ArrayBuffer>, dyadId: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(dyadId) };
}

async function labelKey(): Promise<CryptoKey> {
  const db = await database();
  const known = await db.get('singles', 'label_key');
  if (known) return known as CryptoKey;
  const fresh = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ]);
  // Another tab may have made one meanwhile: the first to be stored is the key.
  const tx = db.transaction('singles', 'readwrite', { durability: 'strict' });
  const first = (await tx.store.get('label_key')) as CryptoKey | undefined;
  await Promise.all([first ?? tx.store.put(fresh, 'label_key'), tx.done]);
  return first ?? fresh;
}
