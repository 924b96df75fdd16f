import { relevant } from '../engine/conditions';
import { problems } from '../engine/problems';
import type { Item, Scales, Value } from '../engine/protocol';
import type { Draft } from '../lib/db';
import { keepDraft } from '../lib/drafts';
import { isQuota } from '../lib/storage';

/** One form being filled in. The engine decides what is asked; every answer is on disk before the next is given. */
export class Filling {
  answers = $state.raw<Readonly<Record<string, Value>>>({});
  /** The first item found unanswered by the last attempt to save. */
  gap = $state.raw<string | null>(null);
  trouble = $state.raw<'quota' | 'unsaved' | null>(null);
  readonly asked: ReadonlySet<string>;
  #timing: Record<string, number>;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    readonly items: readonly Item[],
    readonly scales: Scales,
    readonly draft: Draft,
  ) {
    this.answers = draft.answers;
    this.#timing = { ...draft.timing };
    this.asked = $derived(new Set(relevant(items, this.answers)));
  }

  get done(): number {
    return Object.keys(this.answers).length;
  }

  /** Answers that are no longer asked for are dropped: the study did not ask, so it must not hear. */
  answer(id: string, value: Value | undefined, now = Date.now()): void {
    const given: Record<string, Value> = { ...this.answers };
    if (value === undefined) delete given[id];
    else given[id] = value;
    this.#timing[id] = Math.max(0, now - Date.parse(this.draft.started_at));
    const asked = new Set(relevant(this.items, given));
    this.answers = pickKeys(given, asked);
    this.#timing = pickKeys(this.#timing, new Set(Object.keys(this.answers)));
    if (this.gap === id) this.gap = null;
    this.#write();
  }

  findGap(): string | null {
    const missing = problems(this.items, this.scales, this.answers).find(
      ({ problem }) => problem !== 'unknown_item',
    );
    return (this.gap = missing?.item ?? null);
  }

  /** The draft as it stands, once everything written so far is on disk. */
  async settled(): Promise<Draft> {
    await this.#writing;
    return this.#snapshot();
  }

  failed(error: unknown): void {
    this.trouble = isQuota(error) ? 'quota' : 'unsaved';
  }

  #snapshot(): Draft {
    return { ...this.draft, answers: { ...this.answers }, timing: { ...this.#timing } };
  }

  #write(): void {
    const draft = this.#snapshot();
    this.#writing = this.#writing
      .then(() => keepDraft(draft))
      .then(() => void (this.trouble = null))
      .catch((error: unknown) => this.failed(error));
  }
}

function pickKeys<T>(record: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keys.has(key)));
}
