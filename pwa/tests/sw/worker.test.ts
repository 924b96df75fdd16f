import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Me, PushPayload } from '../../src/lib/wire';

type Handler = (event: unknown) => void;
/** Named at run time: its types are those of the worker's project, not of this one. */
const WORKER = '/src/sw/sw.ts';
const NOW = new Date();
const PROMPT = {
  id: 'p1',
  dyad_id: 'd1',
  due_at: NOW.toISOString(),
  expires_at: new Date(NOW.getTime() + 3_600_000).toISOString(),
};
const PUSH: PushPayload = {
  notification: { title: 'Tijd voor je dagboek', body: 'Een minuut' },
  template: 'diary',
  prompt: PROMPT,
};

const handlers: Record<string, Handler> = {};
let shown: { title: string; options: NotificationOptions }[];
let asked: string[];
let subscribed: number;

/** The worker's own world, as far as it is used here. */
beforeEach(async () => {
  shown = [];
  asked = [];
  subscribed = 0;
  vi.resetModules();
  vi.stubGlobal('PRECACHE', { name: 'x', files: [] });
  vi.stubGlobal('registration', {
    showNotification: async (title: string, options: NotificationOptions) =>
      void shown.push({ title, options }),
    pushManager: {
      subscribe: async () => {
        subscribed++;
        return { endpoint: 'https://push.example/1', getKey: () => new ArrayBuffer(1) };
      },
    },
  });
  vi.stubGlobal('fetch', async (target: string | Request) => {
    asked.push(typeof target === 'string' ? target : target.url);
    return new Response(null, { status: 204 });
  });
  vi.spyOn(self, 'addEventListener').mockImplementation(((name: string, handler: Handler) => {
    handlers[name] = handler;
  }) as typeof self.addEventListener);
  await import(WORKER);
});

async function happens(name: string, event: object = {}): Promise<void> {
  let done: Promise<unknown> | undefined;
  handlers[name]!({ ...event, waitUntil: (work: Promise<unknown>) => (done = work) });
  await done;
}

const pushed = (payload: PushPayload = PUSH) => happens('push', { data: { json: () => payload } });

async function remember(table: 'outbox' | 'kept'): Promise<void> {
  const { database } = await import('../../src/lib/db');
  const { rowFor } = await import('../../src/lib/outbox');
  const about = { kind: 'entry', id: 'e1', dyad_id: 'd1', prompt_id: 'p1', body: '{}' } as const;
  await (await database()).put(table, { ...(await rowFor(about, NOW)), receipt: null } as never);
}

describe('a push message', () => {
  it('rings once: the second word about a prompt is quiet', async () => {
    await pushed();
    await pushed();
    expect(shown.map(({ options }) => [options.tag, options.silent])).toEqual([
      ['p1', false],
      ['p1', true],
    ]);
    await pushed({ ...PUSH, prompt: { ...PROMPT, id: 'p2' } });
    expect(shown[2]!.options.silent).toBe(false);
  });

  it.each(['outbox', 'kept'] as const)(
    'says quietly that it is done when the answer is in %s',
    async (table) => {
      const { keepSingle } = await import('../../src/lib/db');
      await keepSingle('language', 'nl');
      await remember(table);
      await pushed();
      expect(shown).toMatchObject([
        { title: 'Dyade', options: { tag: 'p1', silent: true, data: { path: '/app/' } } },
      ]);
      expect(shown[0]!.options.body).toBe('Dit heb je al ingevuld. Je hoeft niets te doen.');
      expect(asked.filter((url) => url.includes('sighting'))).toEqual([]);
    },
  );

  it('says so too when the study has told that it is answered', async () => {
    const { keepSingle } = await import('../../src/lib/db');
    await keepSingle('language', 'en');
    await keepSingle('prompts', { as_of: '', prompts: [{ ...PROMPT, slot: 's', state: 'answered' }] });
    await pushed();
    expect(shown[0]!.options).toMatchObject({
      body: 'You have already answered this. There is nothing to do.',
      silent: true,
    });
  });

  it('reports a question as seen', async () => {
    await pushed();
    expect(asked.some((url) => url.endsWith('/prompts/p1/sighting'))).toBe(true);
  });
});

describe('a subscription that ended', () => {
  it('is made again only while notifications are switched on', async () => {
    const { keepSingle } = await import('../../src/lib/db');
    await keepSingle('me', { vapid_public_key: 'BEl6' } as Me);
    await happens('pushsubscriptionchange');
    expect(subscribed).toBe(0);
    await keepSingle('notifications', 'without');
    await happens('pushsubscriptionchange');
    expect(subscribed).toBe(1);
  });
});
