import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { cleanup } from '@testing-library/svelte';
import { afterEach, beforeEach, vi } from 'vitest';

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

beforeEach(() => {
  // A phone of its own for every test: empty tables, and modules that have not opened them yet.
  vi.resetModules();
  globalThis.indexedDB = new IDBFactory();
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
