import { API, sendAsDevice } from './requests';

/** Best effort: when a prompt was shown or opened. A miss is no loss, the entry carries its own times. */
export async function reportSighting(
  promptId: string,
  seen: { shown_at?: string; opened_at?: string },
): Promise<void> {
  const body = JSON.stringify({ shown_at: null, opened_at: null, ...seen });
  const headers = { 'Content-Type': 'application/json' };
  await sendAsDevice(`${API}/prompts/${promptId}/sighting`, { method: 'PUT', headers, body }).catch(
    () => undefined,
  );
}
