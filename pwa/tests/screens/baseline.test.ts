import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { beforeEach, expect, it, vi } from 'vitest';
import type { Protocol } from '../../src/engine/protocol';
import type { Me, Receipt } from '../../src/lib/wire';
import { session } from '../../src/shell/session.svelte';

const label = (nl: string) => ({ nl, en: nl });
const PROTOCOL = {
  study: 'proef',
  version: 1,
  languages: ['nl'],
  terms: { client: label('leerling') },
  dyads: { at_most: 2 },
  baseline: { per_dyad: ['short'] },
  instruments: {
    short: {
      instrument: 'short',
      title: label('Kort'),
      points: [1, 2].map((value) => ({ value, label: label(`p${value}`) })),
      items: [{ id: 'clo1', text: label('Warm') }],
    },
  },
  diary: { cards: [], items: [] },
  scales: {},
} as unknown as Protocol;
let dyadId: string;

beforeEach(async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
  const { database, keepSingle } = await import('../../src/lib/db');
  const { addDyad } = await import('../../src/lib/roster');
  await keepSingle('device', { token: 'dyt_test' });
  await keepSingle('me', { protocol_version: 1, dyads: [] } as unknown as Me);
  await (await database()).put('protocols', { version: 1, protocol: PROTOCOL });
  dyadId = await addDyad('Noor', new Date());
  await session.reload();
});

async function open() {
  const { default: Baseline } = await import('../../src/screens/baseline/Baseline.svelte');
  return render(Baseline, { id: dyadId });
}

async function answered(kept?: Receipt['kept']): Promise<void> {
  const { database } = await import('../../src/lib/db');
  const { rowFor } = await import('../../src/lib/outbox');
  const about = { kind: 'assessment', id: 'q1', dyad_id: dyadId, instrument: 'short', body: '{}' } as const;
  const row = await rowFor(about, new Date());
  await (await database()).put(kept ? 'kept' : 'outbox', { ...row, receipt: { kept } } as never);
}

it('is filled in by one window at a time', async () => {
  await open();
  await screen.findByTestId('baseline-form');
  await open();
  await screen.findByTestId('elsewhere');
  expect(screen.getAllByTestId('baseline-form')).toHaveLength(1);
  cleanup();
  await open();
  expect(await screen.findByTestId('baseline-form')).toBeTruthy();
});

it('is not opened anew after another window has saved it, and is once the study set that apart', async () => {
  await answered('stored');
  await open();
  expect(await screen.findByText(/already answered|al beantwoord/)).toBeTruthy();
  cleanup();
  await answered('quarantined');
  await open();
  expect(await screen.findByTestId('baseline-form')).toBeTruthy();
});

it('does not say saved for answers that another window was faster with', async () => {
  await open();
  const form = await screen.findByTestId('baseline-form');
  const { database } = await import('../../src/lib/db');
  const { rowFor } = await import('../../src/lib/outbox');
  const { id } = (await (await database()).getAll('drafts'))[0]!;
  await (
    await database()
  ).add(
    'outbox',
    await rowFor({ kind: 'assessment', id, dyad_id: dyadId, instrument: 'short', body: '{}' }, new Date()),
  );
  await fireEvent.click(document.querySelector('input[name=clo1]')!);
  await fireEvent.submit(form);
  expect(await screen.findByText(/already answered|al beantwoord/)).toBeTruthy();
  expect(screen.queryByTestId('saved')).toBeNull();
});
