import type { Item } from '../../engine/protocol';
import { relevant } from '../../engine/conditions';
import type { Draft } from '../../lib/db';
import type { EntryBody } from '../../lib/wire';

export interface Circumstances {
  study: string;
  prompt_id: string | null;
  zone: string;
  language: string;
  completed_at: string;
}

/** The completed form as it will be sent: these exact bytes are stored, hashed and sent. */
export function entryBody(draft: Draft, items: readonly Item[], { prompt_id, ...at }: Circumstances): string {
  const asked = new Set(relevant(items, draft.answers));
  const body: EntryBody = {
    entry_id: draft.id,
    dyad_id: draft.dyad_id,
    prompt_id,
    study: at.study,
    protocol_version: draft.protocol_version,
    started_at: draft.started_at,
    opened_at: draft.opened_at,
    completed_at: at.completed_at,
    zone: at.zone,
    language: at.language,
    answers: draft.answers,
    not_asked: items.filter(({ id }) => !asked.has(id)).map(({ id }) => id),
    timing: draft.timing,
  };
  return JSON.stringify(body);
}
