import { onDestroy } from 'svelte';

/** Long enough for the screen before to let go, short enough to wait for. */
const PATIENCE_MS = 500;

/**
 * A form is filled in by one window at a time: two would write over each other's answers. Held until the screen is
 * left; where the browser has no locks, nothing is held.
 */
export function holding(): { hold: (key: string) => Promise<boolean>; letGo: () => void } {
  let letGo!: () => void;
  const left = new Promise<void>((resolve) => (letGo = resolve));
  onDestroy(letGo);
  const hold = async (key: string) => {
    if (!navigator.locks) return true;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return new Promise<boolean>((resolve) => {
      const untilLeft = () => {
        resolve(true);
        return left;
      };
      navigator.locks.request(`draft:${key}`, { signal }, untilLeft).catch(() => resolve(!signal.aborted));
    });
  };
  return { hold, letGo };
}
