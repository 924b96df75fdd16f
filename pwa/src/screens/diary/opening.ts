import type { Protocol } from '../../engine/protocol';
import { database, single, type Draft } from '../../lib/db';
import { diaryDraftKey, openDraft, promptBegun } from '../../lib/drafts';
import { findPrompt, isAnsweredHere, studyTime } from '../../lib/prompts';
import type { Prompt } from '../../lib/wire';

type Moment = NonNullable<Draft['prompt']>;

export type Opening =
  | { is: 'open'; prompt: Moment; draft: Draft; protocol: Protocol; late: boolean }
  | { is: 'unknown' | 'over' | 'before' | 'elsewhere' };

/** What this prompt's page should show. Something half filled in can always be finished, whatever the list says. */
export async function openDiary(
  promptId: string,
  current: Protocol,
  now: Date,
  hold: (key: string) => Promise<boolean>,
): Promise<Opening> {
  const key = diaryDraftKey(promptId);
  if (!(await hold(key))) return { is: 'elsewhere' };
  if (await isAnsweredHere(promptId)) return { is: 'before' };
  const db = await database();
  const begun = await db.get('drafts', key);
  const listed = (await findPrompt(promptId)) ?? (begun ? undefined : await fetchPrompt(promptId));
  const found = listed ?? (begun && momentOf(begun, promptId));
  if (!found) return { is: 'unknown' };
  if (!begun && listed?.state === 'answered') return { is: 'before' };
  const { dyad_id, due_at, expires_at } = found;
  const late = Date.parse(expires_at) <= studyTime(await single('prompts'), now.getTime());
  if (late && !(begun && promptBegun(begun))) return { is: 'over' };
  const prompt = { id: promptId, dyad_id, due_at, expires_at };
  const about = { dyad_id, prompt, protocol_version: current.version, opened_at: now.toISOString() };
  const draft = await openDraft(key, about, now, ({ prompt_id }) => prompt_id === promptId);
  if (!draft) return { is: 'before' };
  const itsOwn = (await db.get('protocols', draft.protocol_version))?.protocol;
  return { is: 'open', prompt, draft, protocol: itsOwn ?? current, late };
}

/** Drafts did not always keep their moment: without one, its time is taken to have passed. */
function momentOf({ prompt, dyad_id, started_at }: Draft, id: string): Moment {
  return prompt ?? { id, dyad_id, due_at: started_at, expires_at: started_at };
}

async function fetchPrompt(promptId: string): Promise<Prompt | undefined> {
  const { refresh } = await import('../../lib/refresh');
  await refresh().catch(() => undefined);
  return findPrompt(promptId);
}
