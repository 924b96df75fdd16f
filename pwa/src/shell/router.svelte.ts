const HEX = '([0-9a-f]{32})';
const ROUTES = [
  ['today', /^\/app\/?$/],
  ['join', /^\/app\/join\/?$/],
  ['pupils', /^\/app\/pupils\/?$/],
  ['new_pupil', /^\/app\/pupils\/new\/?$/],
  ['baseline', new RegExp(`^/app/pupils/${HEX}/baseline/?$`)],
  ['diary', /^\/app\/diary\/([\w-]+)\/?$/],
  ['settings', /^\/app\/settings\/?$/],
] as const;

export interface Route {
  screen: (typeof ROUTES)[number][0] | 'nowhere';
  id: string;
}

export function match(path: string): Route {
  for (const [screen, pattern] of ROUTES) {
    const found = pattern.exec(path);
    if (found) return { screen, id: found[1] ?? '' };
  }
  return { screen: 'nowhere', id: '' };
}

class Place {
  route = $state.raw(match(location.pathname));
  /** Moves within the app: at zero the page was opened from outside, and focus is left alone. */
  moves = $state.raw(0);
}

export const place = new Place();

function arrive(): void {
  place.route = match(location.pathname);
  place.moves += 1;
  scrollTo(0, 0);
}

export function goTo(path: string, how: 'push' | 'replace' = 'push'): void {
  history[`${how}State`](null, '', path);
  arrive();
}

export function followLinks(): void {
  addEventListener('popstate', arrive);
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest?.<HTMLAnchorElement>('a[href^="/app/"]');
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey)
      return;
    event.preventDefault();
    goTo(link.pathname + link.hash);
  });
}
