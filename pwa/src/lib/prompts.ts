import { database, keepSingle, single, type Singles } from './db';
import type { Prompt } from './wire';

const MOST_SHOWN = 50;
const TOLERATED_MS = 5 * 60_000;
const ENDED: ReadonlySet<string> = new Set<Prompt['state']>(['answered', 'expired', 'missed', 'superseded']);

export function isDue(prompt: Prompt, now: number): boolean {
  return !ENDED.has(prompt.state) && Date.parse(prompt.due_at) <= now && now < Date.parse(prompt.expires_at);
}

export function isComing(prompt: Prompt, now: number): boolean {
  return !ENDED.has(prompt.state) && now < Date.parse(prompt.due_at);
}

export async function findPrompt(id: string): Promise<Prompt | undefined> {
  return (await single('prompts'))?.prompts.find((prompt) => prompt.id === id);
}

export async function isAnsweredHere(id: string): Promise<boolean> {
  const db = await database();
  const rows = await Promise.all([db.getAll('outbox'), db.getAll('kept')]);
  return rows.flat().some(({ prompt_id }) => prompt_id === id);
}

/** The time by which prompts are due and expire: this phone's, unless its clock was clearly wrong. */
export function studyTime(list: Singles['prompts'] | undefined, now: number): number {
  const ahead = list?.ahead ?? 0;
  return Math.abs(ahead) > TOLERATED_MS ? now + ahead : now;
}

export async function wasShown(id: string): Promise<boolean> {
  return (await single('shown'))?.includes(id) ?? false;
}

export async function rememberShown(id: string): Promise<void> {
  const others = ((await single('shown')) ?? []).filter((shown) => shown !== id);
  await keepSingle('shown', [...others, id].slice(-MOST_SHOWN));
}

/** A push may bring a prompt that this phone has not fetched yet. */
export async function rememberPrompt(prompt: Prompt): Promise<void> {
  const tx = (await database()).transaction('singles', 'readwrite');
  const known = (await tx.store.get('prompts')) as Singles['prompts'] | undefined;
  const list = known ?? { as_of: new Date().toISOString(), prompts: [] };
  if (!list.prompts.some(({ id }) => id === prompt.id)) {
    void tx.store.put({ ...list, prompts: [...list.prompts, prompt] }, 'prompts');
  }
  await tx.done;
}
