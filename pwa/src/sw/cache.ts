/** Filled in by the build: the files that the phone's entry reaches, and a name that changes when one of them does. */
declare const PRECACHE: { name: string; files: string[] };

const PREFIX = 'dyade-app-';
const PAGE = '/app/';
const CACHE = PREFIX + PRECACHE.name;

export async function precache(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(PRECACHE.files.map((file) => new Request(file, { cache: 'reload' })));
}

export async function clearOldCaches(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Every page of the app is the same document. What is not ours, or not kept, goes to the network. */
export function fromCache(request: Request): Promise<Response> | null {
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || !pathname.startsWith(PAGE)) return null;
  const wanted = request.mode === 'navigate' ? PAGE : pathname;
  if (!PRECACHE.files.includes(wanted)) return null;
  return kept(wanted, request);
}

async function kept(wanted: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(wanted)) ?? fetch(request);
}
