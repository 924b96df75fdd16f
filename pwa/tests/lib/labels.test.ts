import { expect, it } from 'vitest';

const NAME = 'Noor-kanarie-🦊';

it('opens what it sealed', async () => {
  const { openLabel, sealLabel } = await import('../../src/lib/labels');
  const sealed = await sealLabel('d1', NAME);
  expect(await openLabel({ dyad_id: 'd1', ...sealed })).toBe(NAME);
});

it('does not open a label under another dyad', async () => {
  const { openLabel, sealLabel } = await import('../../src/lib/labels');
  const sealed = await sealLabel('d1', NAME);
  await expect(openLabel({ dyad_id: 'd2', ...sealed })).rejects.toThrow();
});

it('has one key that cannot be read out', async () => {
  const { single } = await import('../../src/lib/db');
  const { sealLabel } = await import('../../src/lib/labels');
  await Promise.all([sealLabel('d1', NAME), sealLabel('d2', NAME)]);
  const key = (await single('label_key'))!;
  expect(key.extractable).toBe(false);
  await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
});

it('leaves the nickname in no table, and sends only a random id and a date', async () => {
  const { database } = await import('../../src/lib/db');
  const { addDyad, readRoster } = await import('../../src/lib/roster');
  const id = await addDyad(NAME, new Date('2026-11-22T10:00:00Z'));
  const db = await database();
  for (const table of db.objectStoreNames) {
    const rows = await db.getAll(table);
    expect(JSON.stringify(rows, bytesAsText)).not.toContain('kanarie');
  }
  const [row] = await db.getAll('outbox');
  expect(row).toMatchObject({ kind: 'dyad', id });
  expect(Object.keys(JSON.parse(row!.body) as object)).toEqual(['started_on']);
  expect(await readRoster()).toMatchObject([{ dyad_id: id, nickname: NAME }]);
});

function bytesAsText(_key: string, value: unknown): unknown {
  if (value instanceof ArrayBuffer) return new TextDecoder().decode(value);
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}
