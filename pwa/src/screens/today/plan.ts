import type { Draft } from '../../lib/db';
import { promptBegun } from '../../lib/drafts';
import { isComing, isDue } from '../../lib/prompts';
import { daysBetween } from '../../lib/when';
import type { Prompt } from '../../lib/wire';

export interface Plan {
  due: Prompt[];
  /** Begun, but the prompt's time has passed, or the study no longer lists it: can still be finished. */
  unfinished: { id: string; dyad_id: string }[];
  coming: Coming[];
}

export interface Coming {
  prompt: Prompt;
  days: number;
  part: 'morning' | 'afternoon' | 'evening';
}

const MOST_COMING = 3;

export function planOf(
  prompts: readonly Prompt[],
  drafts: readonly Draft[],
  isAnswered: (id: string) => boolean,
  now: number,
): Plan {
  const open = prompts.filter(({ id }) => !isAnswered(id)).sort((a, b) => a.due_at.localeCompare(b.due_at));
  const due = open.filter((prompt) => isDue(prompt, now));
  return {
    due,
    unfinished: [...drafts]
      .sort((a, b) => a.started_at.localeCompare(b.started_at))
      .map((draft) => ({ id: promptBegun(draft) ?? '', dyad_id: draft.dyad_id }))
      .filter(({ id }) => id && !isAnswered(id) && !due.some((prompt) => prompt.id === id)),
    coming: open
      .filter((prompt) => isComing(prompt, now))
      .slice(0, MOST_COMING)
      .map((prompt) => ({ prompt, ...partOfDay(new Date(prompt.due_at), new Date(now)) })),
  };
}

/** Never the exact minute: knowing when the question comes changes the day it asks about. */
function partOfDay(at: Date, now: Date): Pick<Coming, 'days' | 'part'> {
  const hour = at.getHours();
  return { days: daysBetween(now, at), part: hour < 12 ? 'morning' : hour < 18 ? 'afternoon' : 'evening' };
}
