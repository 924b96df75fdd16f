/** Tells the other tabs, and the page when the service worker did something, that a table has changed. */
export type News = 'outbox' | 'prompts' | 'device';

const NAME = 'dyade';

let speaker: BroadcastChannel | undefined;

export function tell(news: News): void {
  speaker ??= new BroadcastChannel(NAME);
  speaker.postMessage(news);
  for (const listener of here) listener(news);
}

const here = new Set<(news: News) => void>();

/** A channel does not speak to itself, so listeners in the same place are called directly. */
export function listen(listener: (news: News) => void): () => void {
  speaker ??= new BroadcastChannel(NAME);
  const onMessage = (event: MessageEvent<News>) => listener(event.data);
  speaker.addEventListener('message', onMessage);
  here.add(listener);
  return () => {
    speaker?.removeEventListener('message', onMessage);
    here.delete(listener);
  };
}
