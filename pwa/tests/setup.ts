import 'fake-indexeddb/auto';
import { cleanup } from '@testing-library/svelte';
import { afterEach, beforeEach, vi } from 'vitest';
import { database } from '../src/lib/db';

/** Web Locks as far as the app uses them: one holder per name, in order of asking, some with limited patience. */
const queues = new Map<string, Promise<unknown>>();
type Work = () => Promise<unknown>;
const locks = {
  request(name: string, ...rest: [Work] | [{ signal: AbortSignal }, Work]): Promise<unknown> {
    const work = rest.at(-1) as Work;
    const signal = rest.length === 2 ? rest[0].signal : undefined;
    let given = false;
    const turn = (queues.get(name) ?? Promise.resolve()).then(() => {
      signal?.throwIfAborted();
      given = true;
      return work();
    });
    queues.set(
      name,
      turn.catch(() => undefined),
    );
    const tooLate = new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => !given && reject(signal.reason));
    });
    return Promise.race([turn, tooLate]);
  },
};

/** Every test finds an empty phone. */
beforeEach(async () => {
  const db = await database();
  await Promise.all([...db.objectStoreNames].map((table) => db.clear(table)));
  Object.defineProperty(navigator, 'locks', { value: locks, configurable: true });
  Element.prototype.scrollIntoView = () => undefined;
  globalThis.scrollTo = () => undefined;
  history.replaceState(null, '', '/app/');
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
