import { fill, inLanguage, words } from '../engine/fill';
import type { Protocol, Text } from '../engine/protocol';
import { database, single, type Draft, type Kept, type OutboxRow, type SenderState } from '../lib/db';
import { isLanguage, languageOfBrowser, type InEveryLanguage, type Language } from '../lib/language';
import { isBaseline } from '../lib/outbox';
import { studyTime } from '../lib/prompts';
import { readRoster, type Dyad } from '../lib/roster';
import type { Me, Prompt } from '../lib/wire';

/** What the screens show: a picture of the phone's tables, taken again whenever one of them changes. */
class Session {
  ready = $state.raw(false);
  enrolled = $state.raw(false);
  language = $state.raw<Language>(languageOfBrowser());
  me = $state.raw<Me>();
  protocol = $state.raw<Protocol>();
  roster = $state.raw<Dyad[]>([]);
  prompts = $state.raw<Prompt[]>([]);
  drafts = $state.raw<Draft[]>([]);
  outbox = $state.raw<OutboxRow[]>([]);
  kept = $state.raw<Kept[]>([]);
  sender = $state.raw<SenderState>();
  now = $state.raw(Date.now());
  /** How far the study's time is ahead of `now`: zero on a phone whose clock is right. */
  ahead = $state.raw(0);
  /** A newer version of the app waits for the person's word. */
  updateReady = $state.raw(false);

  get unsent(): number {
    return this.outbox.length;
  }

  async reload(): Promise<void> {
    const db = await database();
    const [device, me, language, prompts, sender] = await Promise.all([
      single('device'),
      single('me'),
      single('language'),
      single('prompts'),
      single('sender'),
    ]);
    const [roster, drafts, outbox, kept, protocols] = await Promise.all([
      readRoster(),
      db.getAll('drafts'),
      db.getAll('outbox'),
      db.getAll('kept'),
      db.getAll('protocols'),
    ]);
    const protocol = protocols.find(({ version }) => version === me?.protocol_version) ?? protocols.at(-1);
    this.enrolled = device !== undefined;
    if (isLanguage(language)) this.language = language;
    Object.assign(this, { me, roster, drafts, outbox, kept, sender });
    this.prompts = prompts?.prompts ?? [];
    this.ahead = studyTime(prompts, 0);
    this.protocol = protocol?.protocol;
    this.now = Date.now();
    this.ready = true;
  }

  pick<T>(strings: InEveryLanguage<T>): T {
    return strings[this.language];
  }

  dyad(id: string): Dyad | undefined {
    return this.roster.find((dyad) => dyad.dyad_id === id);
  }

  /** The words of the study, and the nickname when the text is about one dyad. */
  names(dyadId?: string): Record<string, string> {
    const names = words(this.protocol?.terms ?? {}, this.language);
    if (dyadId !== undefined) names['nickname'] = this.dyad(dyadId)?.nickname ?? names['client'] ?? '…';
    return names;
  }

  text(text: Text | undefined, dyadId?: string): string {
    return fill(inLanguage(text, this.language), this.names(dyadId));
  }

  /** One of the app's own sentences, with the study's words and these filled in. */
  say(sentence: string, extra: Record<string, string | number> = {}): string {
    const more = Object.entries(extra).map(([name, value]) => [name, String(value)]);
    return fill(sentence, { ...this.names(), ...Object.fromEntries(more) });
  }

  isAnsweredHere(promptId: string): boolean {
    return [...this.outbox, ...this.kept].some(({ prompt_id }) => prompt_id === promptId);
  }

  hasBaseline(dyadId: string, instrument: string): boolean {
    const atStudy = this.me?.dyads.find(({ dyad_id }) => dyad_id === dyadId)?.baseline ?? [];
    return (
      atStudy.includes(instrument) ||
      [...this.outbox, ...this.kept].some((row) => isBaseline(row, dyadId, instrument))
    );
  }

  /** The first baseline questionnaire about this dyad that is still open. */
  openBaseline(dyadId: string): string | undefined {
    return this.protocol?.baseline?.per_dyad?.find((instrument) => !this.hasBaseline(dyadId, instrument));
  }
}

export const session = new Session();
