import type { Draft } from '../../lib/db';
import { isComing, isDue } from '../../lib/prompts';
import { daysBetween } from '../../lib/when';
import type { Prompt } from '../../lib/wire';

export interface Plan {
  due: Prompt[];
  /** Begun, but the prompt's time has passed: can still be finished. */
  unfinished: Prompt[];
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
  const begun = new Set(
    drafts.filter(({ answers }) => Object.keys(answers).length > 0).map(({ key }) => key),
  );
  const due = open.filter((prompt) => isDue(prompt, now));
  return {
    due,
    unfinished: open.filter((prompt) => !due.includes(prompt) && begun.has(`diary:${prompt.id}`)),
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
