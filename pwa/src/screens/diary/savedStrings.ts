import type { InEveryLanguage } from '../../lib/language';

type Names =
  | 'title'
  | 'thanks'
  | 'on_phone'
  | 'kept'
  | 'set_apart'
  | 'parked'
  | 'took'
  | 'next'
  | 'next_baseline'
  | 'to_today';

export const savedStrings: InEveryLanguage<Record<Names, string>> = {
  nl: {
    title: 'Bewaard',
    thanks: 'Dank je wel',
    on_phone: 'Bewaard op deze telefoon.',
    kept: 'Bewaard door het onderzoek.',
    set_apart: 'Bewaard door het onderzoek, apart gelegd om na te kijken.',
    parked: 'Bewaard op deze telefoon. Het onderzoek kon het niet aannemen; zie Vandaag.',
    took: 'Je deed er {seconds} seconden over.',
    next: 'Verder met {nickname}',
    next_baseline: 'Verder met de vragen over {nickname}',
    to_today: 'Naar Vandaag',
  },
  en: {
    title: 'Saved',
    thanks: 'Thank you',
    on_phone: 'Saved on this phone.',
    kept: 'Kept by the study.',
    set_apart: 'Kept by the study, set apart to be looked at.',
    parked: 'Saved on this phone. The study could not accept it; see Today.',
    took: 'It took you {seconds} seconds.',
    next: 'Go on with {nickname}',
    next_baseline: 'Go on with the questions about {nickname}',
    to_today: 'Go to Today',
  },
};
