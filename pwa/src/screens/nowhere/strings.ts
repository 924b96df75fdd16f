import type { InEveryLanguage } from '../../lib/language';

type Names = 'title' | 'nowhere' | 'to_today' | 'fetching_title' | 'fetching' | 'not_fetched' | 'again';

export const strings: InEveryLanguage<Record<Names, string>> = {
  nl: {
    title: 'Niet gevonden',
    nowhere: 'Deze pagina bestaat niet.',
    to_today: 'Naar Vandaag',
    fetching_title: 'Een ogenblik',
    fetching: 'De vragen van het onderzoek worden opgehaald.',
    not_fetched: 'Ophalen lukt nu niet. Kijk of je verbinding hebt en probeer het dan opnieuw.',
    again: 'Opnieuw proberen',
  },
  en: {
    title: 'Not found',
    nowhere: 'This page does not exist.',
    to_today: 'Go to Today',
    fetching_title: 'One moment',
    fetching: 'Fetching the questions of the study.',
    not_fetched: 'They cannot be fetched right now. Check your connection and try again.',
    again: 'Try again',
  },
};
