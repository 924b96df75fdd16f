import type { InEveryLanguage } from '../../lib/language';

export const strings: InEveryLanguage<Record<'title' | 'done' | 'done_text' | 'unknown' | 'back', string>> = {
  nl: {
    title: 'Eerste vragen',
    done: 'Deze vragen heb je al beantwoord',
    done_text: 'Je hoeft ze niet nog eens in te vullen.',
    unknown: 'Deze {client} staat niet op deze telefoon',
    back: 'Naar Vandaag',
  },
  en: {
    title: 'First questions',
    done: 'You have already answered these questions',
    done_text: 'You do not need to fill them in again.',
    unknown: 'This {client} is not on this phone',
    back: 'Go to Today',
  },
};
