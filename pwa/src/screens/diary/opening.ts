import type { Protocol } from '../../engine/protocol';
import { database, type Draft } from '../../lib/db';
import { diaryDraftKey, openDraft } from '../../lib/drafts';
import { findPrompt } from '../../lib/prompts';
import type { Prompt } from '../../lib/wire';

export type Opening =
  | { is: 'open'; prompt: Prompt; draft: Draft; protocol: Protocol; late: boolean }
  | { is: 'unknown' | 'over' | 'before' };

/** What this prompt's page should show. Something half filled in can always be finished. */
export async function openDiary(
  promptId: string,
  current: Protocol,
  isAnswered: boolean,
  now: Date,
): Promise<Opening> {
  if (isAnswered) return { is: 'before' };
  const prompt = (await findPrompt(promptId)) ?? (await fetchPrompt(promptId));
  if (!prompt) return { is: 'unknown' };
  const db = await database();
  const key = diaryDraftKey(promptId);
  const begun = await db.get('drafts', key);
  if (!begun && prompt.state === 'answered') return { is: 'before' };
  const late = Date.parse(prompt.expires_at) <= now.getTime();
  if (late && !(begun && Object.keys(begun.answers).length > 0)) return { is: 'over' };
  const about = { dyad_id: prompt.dyad_id, protocol_version: current.version, opened_at: now.toISOString() };
  const draft = begun ?? (await openDraft(key, about, now));
  const itsOwn = (await db.get('protocols', draft.protocol_version))?.protocol;
  return { is: 'open', prompt, draft, protocol: itsOwn ?? current, late };
}

async function fetchPrompt(promptId: string): Promise<Prompt | undefined> {
  const { refresh } = await import('../../lib/refresh');
  await refresh().catch(() => undefined);
  return findPrompt(promptId);
}
