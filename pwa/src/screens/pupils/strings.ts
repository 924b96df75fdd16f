import type { InEveryLanguage } from '../../lib/language';

type Names =
  | 'title'
  | 'heading'
  | 'none'
  | 'first'
  | 'next'
  | 'full'
  | 'questions'
  | 'goes_on'
  | 'all_answered'
  | 'nameless'
  | 'new_title'
  | 'new_heading'
  | 'name'
  | 'hint'
  | 'stays'
  | 'add'
  | 'give_name'
  | 'taken'
  | 'failed'
  | 'no_more';

export const strings: InEveryLanguage<Record<Names, string>> = {
  nl: {
    title: 'Over wie',
    heading: 'Je {clients}',
    none: 'Je houdt je dagboek bij over hoogstens {most} {clients}. Je kiest zelf wie.',
    first: 'Voeg een {client} toe',
    next: 'Voeg nog een {client} toe',
    full: 'Je hebt alle {clients} toegevoegd.',
    questions: 'Beantwoord de eerste vragen',
    goes_on: 'Ga verder met de eerste vragen',
    all_answered: 'Eerste vragen beantwoord',
    nameless: 'Roepnaam niet leesbaar op deze telefoon',
    new_title: 'Nieuw',
    new_heading: 'Over wie wil je bijhouden?',
    name: 'Roepnaam',
    hint: 'Kies iets wat jij herkent: een voornaam, een bijnaam of een teken.',
    stays:
      'De roepnaam blijft op deze telefoon, versleuteld. Het onderzoek krijgt alleen een willekeurig nummer.',
    add: 'Toevoegen',
    give_name: 'Geef eerst een roepnaam.',
    taken: 'Deze roepnaam heb je al. Kies een andere, dan haal je ze niet door elkaar.',
    failed: 'Toevoegen lukte niet: deze telefoon kan nu niets bewaren.',
    no_more: 'Je hebt al {most} {clients}. Meer kan niet in dit onderzoek.',
  },
  en: {
    title: 'About whom',
    heading: 'Your {clients}',
    none: 'You keep your diary about at most {most} {clients}. You choose who.',
    first: 'Add a {client}',
    next: 'Add another {client}',
    full: 'You have added all {clients}.',
    questions: 'Answer the first questions',
    goes_on: 'Go on with the first questions',
    all_answered: 'First questions answered',
    nameless: 'Nickname not readable on this phone',
    new_title: 'New',
    new_heading: 'Who is your diary about?',
    name: 'Nickname',
    hint: 'Choose something you recognise: a first name, a nickname or a sign.',
    stays: 'The nickname stays on this phone, encrypted. The study only gets a random number.',
    add: 'Add',
    give_name: 'Please give a nickname first.',
    taken: 'You already have this nickname. Choose another, so you do not mix them up.',
    failed: 'Adding did not work: this phone cannot save anything right now.',
    no_more: 'You already have {most} {clients}. This study allows no more.',
  },
};
