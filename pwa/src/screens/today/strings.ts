import type { InEveryLanguage } from '../../lib/language';

type Names =
  | 'title'
  | 'now'
  | 'due'
  | 'until'
  | 'until_day'
  | 'fill_in'
  | 'go_on'
  | 'first_questions'
  | 'first_questions_text'
  | 'answer'
  | 'unfinished'
  | 'finish'
  | 'nothing'
  | 'nothing_text'
  | 'later'
  | 'later_none'
  | 'morning'
  | 'afternoon'
  | 'evening'
  | 'today'
  | 'tomorrow'
  | 'nobody'
  | 'nobody_text'
  | 'add'
  | 'update'
  | 'update_text'
  | 'update_now'
  | 'not_recognised';

export const strings: InEveryLanguage<Record<Names, string>> = {
  nl: {
    title: 'Vandaag',
    now: 'Nu',
    due: 'Hoe ging het met {nickname}?',
    until: 'Kan tot {time}',
    until_day: 'Kan tot {day} {time}',
    fill_in: 'Invullen',
    go_on: 'Verder invullen',
    first_questions: 'Eerste vragen over {nickname}',
    first_questions_text: '{count} korte vragen. Dat doe je maar één keer.',
    answer: 'Beantwoorden',
    unfinished: 'Half ingevuld: {nickname}',
    finish: 'Afmaken',
    nothing: 'Niets te doen',
    nothing_text: 'Er staat nu niets voor je open.',
    later: 'Straks',
    later_none: 'Er staan nog geen berichten gepland.',
    morning: '{day} in de ochtend',
    afternoon: '{day} in de middag',
    evening: '{day} in de avond',
    today: 'vandaag',
    tomorrow: 'morgen',
    nobody: 'Over wie gaat je dagboek?',
    nobody_text: 'Voeg eerst een {client} toe. De roepnaam blijft op deze telefoon.',
    add: 'Een {client} toevoegen',
    update: 'Er is een nieuwe versie',
    update_text: 'Vernieuwen duurt een paar tellen. Je antwoorden blijven staan.',
    update_now: 'Nu vernieuwen',
    not_recognised:
      'Het onderzoek herkent deze telefoon niet meer. Vraag het de onderzoekers; je antwoorden blijven hier staan.',
  },
  en: {
    title: 'Today',
    now: 'Now',
    due: 'How did it go with {nickname}?',
    until: 'Open until {time}',
    until_day: 'Open until {day} {time}',
    fill_in: 'Fill in',
    go_on: 'Go on',
    first_questions: 'First questions about {nickname}',
    first_questions_text: '{count} short questions. You only do this once.',
    answer: 'Answer',
    unfinished: 'Half filled in: {nickname}',
    finish: 'Finish',
    nothing: 'Nothing to do',
    nothing_text: 'There is nothing open for you now.',
    later: 'Later',
    later_none: 'No messages are planned yet.',
    morning: '{day} in the morning',
    afternoon: '{day} in the afternoon',
    evening: '{day} in the evening',
    today: 'today',
    tomorrow: 'tomorrow',
    nobody: 'Who is your diary about?',
    nobody_text: 'First add a {client}. The nickname stays on this phone.',
    add: 'Add a {client}',
    update: 'There is a new version',
    update_text: 'Updating takes a few seconds. Your answers stay where they are.',
    update_now: 'Update now',
    not_recognised: 'The study no longer recognises this phone. Ask the researchers; your answers stay here.',
  },
};
