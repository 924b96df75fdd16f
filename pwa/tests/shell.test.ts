import { describe, expect, it } from 'vitest';
import { goTo, match, place } from '../src/shell/router.svelte';

describe('the router', () => {
  const id = 'a'.repeat(32);
  it.each([
    ['/app/', 'today', ''],
    ['/app', 'today', ''],
    ['/app/join', 'join', ''],
    ['/app/pupils', 'pupils', ''],
    ['/app/pupils/new', 'new_pupil', ''],
    [`/app/pupils/${id}/baseline`, 'baseline', id],
    [`/app/diary/${id}`, 'diary', id],
    ['/app/settings/', 'settings', ''],
    ['/app/pupils/x/baseline', 'nowhere', ''],
    ['/app/diary/', 'nowhere', ''],
    ['/desk/', 'nowhere', ''],
  ])('%s is %s', (path, screen, found) => {
    expect(match(path)).toEqual({ screen, id: found });
  });

  it('moves within the app', () => {
    const before = place.moves;
    goTo('/app/settings');
    expect(location.pathname).toBe('/app/settings');
    expect(place.route.screen).toBe('settings');
    expect(place.moves).toBe(before + 1);
  });
});
