import type { InEveryLanguage } from '../lib/language';

type Names =
  | 'yes'
  | 'no'
  | 'gap'
  | 'clear'
  | 'save'
  | 'progress'
  | 'gaps'
  | 'quota'
  | 'unsaved'
  | 'saving'
  | 'elsewhere'
  | 'elsewhere_text'
  | 'again';

export const strings: InEveryLanguage<Record<Names, string>> = {
  nl: {
    yes: 'Ja',
    no: 'Nee',
    gap: 'Hier mist nog een antwoord.',
    clear: 'Antwoord wissen',
    save: 'Bewaar',
    saving: 'Bewaren…',
    progress: '{done} van {all} beantwoord',
    gaps: 'Nog niet bewaard: er mist nog een antwoord.',
    quota:
      'Deze telefoon heeft geen ruimte meer. Maak wat ruimte vrij en probeer het opnieuw; laat dit scherm open.',
    unsaved: 'Bewaren op deze telefoon lukte niet. Je antwoorden staan nog hier; probeer het opnieuw.',
    elsewhere: 'Dit formulier staat open in een ander venster',
    elsewhere_text: 'Ga daar verder, of sluit het daar en probeer het hier opnieuw.',
    again: 'Opnieuw proberen',
  },
  en: {
    yes: 'Yes',
    no: 'No',
    gap: 'An answer is missing here.',
    clear: 'Clear answer',
    save: 'Save',
    saving: 'Saving…',
    progress: '{done} of {all} answered',
    gaps: 'Not saved yet: an answer is missing.',
    quota: 'This phone has run out of space. Free up some space and try again; keep this screen open.',
    unsaved: 'Saving on this phone did not work. Your answers are still here; please try again.',
    elsewhere: 'This form is open in another window',
    elsewhere_text: 'Go on there, or close it there and try again here.',
    again: 'Try again',
  },
};
