import 'fake-indexeddb/auto';
import { cleanup } from '@testing-library/svelte';
import { afterEach, beforeEach, vi } from 'vitest';
import { database } from '../src/lib/db';

/** Web Locks as far as the app uses them: one holder per name, in order of asking. */
const queues = new Map<string, Promise<unknown>>();
const locks = {
  request<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = (queues.get(name) ?? Promise.resolve()).then(work);
    queues.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
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
