import type { InEveryLanguage } from '../../lib/language';

type Names =
  | 'title'
  | 'none'
  | 'all_kept'
  | 'some_1'
  | 'some_n'
  | 'entry'
  | 'assessment'
  | 'dyad'
  | 'on_phone'
  | 'kept'
  | 'set_apart'
  | 'parked'
  | 'send'
  | 'sending'
  | 'no_connection'
  | 'study_unavailable'
  | 'wrong_receipt'
  | 'reason_dyads_full'
  | 'reason_other';

export const outboxStrings: InEveryLanguage<Record<Names, string>> = {
  nl: {
    title: 'Je antwoorden',
    none: 'Nog niets ingevuld.',
    all_kept: 'Alles is bewaard door het onderzoek.',
    some_1: 'Eén ding staat alleen nog op deze telefoon.',
    some_n: '{count} dingen staan alleen nog op deze telefoon.',
    entry: 'Dagboek over {nickname}',
    assessment: 'Eerste vragen over {nickname}',
    dyad: '{nickname} toegevoegd',
    on_phone: 'Bewaard op deze telefoon',
    kept: 'Bewaard door het onderzoek',
    set_apart: 'Bewaard door het onderzoek, apart gelegd om na te kijken',
    parked: 'Bewaard op deze telefoon, niet aangenomen',
    send: 'Nu versturen',
    sending: 'Versturen…',
    no_connection: 'Het onderzoek is nu niet bereikbaar. Zodra het kan, gaat alles vanzelf.',
    study_unavailable: 'Het onderzoek kan nu niets aannemen. Het wordt vanzelf opnieuw geprobeerd.',
    wrong_receipt:
      'De bevestiging klopte niet, dus je antwoord blijft hier staan. Het wordt opnieuw geprobeerd.',
    reason_dyads_full: 'Dit onderzoek heeft al het hoogste aantal {clients} van jou.',
    reason_other: 'Reden: {reason}. Laat het de onderzoekers weten.',
  },
  en: {
    title: 'Your answers',
    none: 'Nothing filled in yet.',
    all_kept: 'Everything is kept by the study.',
    some_1: 'One thing is still only on this phone.',
    some_n: '{count} things are still only on this phone.',
    entry: 'Diary about {nickname}',
    assessment: 'First questions about {nickname}',
    dyad: '{nickname} added',
    on_phone: 'Saved on this phone',
    kept: 'Kept by the study',
    set_apart: 'Kept by the study, set apart to be looked at',
    parked: 'Saved on this phone, not accepted',
    send: 'Send now',
    sending: 'Sending…',
    no_connection: 'The study cannot be reached right now. Everything goes by itself as soon as it can.',
    study_unavailable: 'The study cannot accept anything right now. It will be tried again by itself.',
    wrong_receipt: 'The confirmation did not match, so your answer stays here. It will be tried again.',
    reason_dyads_full: 'This study already has the highest number of {clients} from you.',
    reason_other: 'Reason: {reason}. Please tell the researchers.',
  },
};
