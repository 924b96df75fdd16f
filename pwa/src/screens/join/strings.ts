import type { InEveryLanguage } from '../../lib/language';

type Names =
  | 'title'
  | 'welcome'
  | 'welcome_text'
  | 'code'
  | 'code_hint'
  | 'go_on'
  | 'looking'
  | 'finishing'
  | 'unusable'
  | 'no_connection'
  | 'refused'
  | 'again'
  | 'other_code'
  | 'language'
  | 'agree'
  | 'agree_first'
  | 'join'
  | 'joining'
  | 'already'
  | 'already_text'
  | 'to_today'
  | 'quota';

export const strings: InEveryLanguage<Record<Names, string>> = {
  nl: {
    title: 'Meedoen',
    welcome: 'Fijn dat je er bent',
    welcome_text:
      'Met Dyade houd je een kort dagboek bij over mensen met wie je werkt. Vul de code uit je uitnodiging in.',
    code: 'Code',
    code_hint: 'Staat in je uitnodiging, onder de QR-code.',
    go_on: 'Verder',
    looking: 'Je uitnodiging wordt opgezocht…',
    finishing: 'Je aanmelding wordt afgemaakt…',
    unusable: 'Deze uitnodiging werkt niet (meer). Vraag de onderzoekers om een nieuwe.',
    no_connection:
      'Er is nu geen verbinding met het onderzoek. Meedoen kan alleen met internet; probeer het zo nog eens.',
    refused: 'Aanmelden lukte niet. Open de uitnodiging opnieuw en probeer het nog eens.',
    again: 'Opnieuw proberen',
    other_code: 'Een andere code invullen',
    language: 'Taal',
    agree: 'Ik heb dit gelezen en ik doe mee. Ik weet dat ik altijd mag stoppen.',
    agree_first: 'Vink eerst aan dat je meedoet.',
    join: 'Meedoen',
    joining: 'Aanmelden…',
    already: 'Je doet al mee',
    already_text: 'Deze telefoon is aangemeld als {pseudonym}.',
    to_today: 'Naar Vandaag',
    quota: 'Deze telefoon heeft geen ruimte om je antwoorden te bewaren. Maak eerst wat ruimte vrij.',
  },
  en: {
    title: 'Join',
    welcome: 'Good to have you here',
    welcome_text:
      'With Dyade you keep a short diary about people you work with. Enter the code from your invitation.',
    code: 'Code',
    code_hint: 'It is in your invitation, below the QR code.',
    go_on: 'Continue',
    looking: 'Looking up your invitation…',
    finishing: 'Finishing your registration…',
    unusable: 'This invitation does not work (any more). Ask the researchers for a new one.',
    no_connection:
      'There is no connection to the study right now. Joining needs internet; please try again shortly.',
    refused: 'Joining did not work. Open the invitation once more and try again.',
    again: 'Try again',
    other_code: 'Enter another code',
    language: 'Language',
    agree: 'I have read this and I take part. I know that I may stop at any time.',
    agree_first: 'Please tick first that you take part.',
    join: 'Join',
    joining: 'Joining…',
    already: 'You are already taking part',
    already_text: 'This phone is registered as {pseudonym}.',
    to_today: 'Go to Today',
    quota: 'This phone has no space to keep your answers. Please free up some space first.',
  },
};
