import type { InEveryLanguage } from '../../lib/language';

type Names =
  | 'title'
  | 'language'
  | 'notifications'
  | 'storage'
  | 'storage_yes'
  | 'storage_no'
  | 'storage_unknown'
  | 'about'
  | 'pseudonym'
  | 'study'
  | 'version'
  | 'simulated'
  | 'privacy';

export const strings: InEveryLanguage<Record<Names, string>> = {
  nl: {
    title: 'Instellingen',
    language: 'Taal',
    notifications: 'Seintjes',
    storage: 'Bewaren op deze telefoon',
    storage_yes: 'Je telefoon heeft toegezegd je antwoorden te bewaren tot ze verstuurd zijn.',
    storage_no:
      'Je telefoon heeft niets toegezegd over bewaren. Zet Dyade op je beginscherm en verstuur je antwoorden dezelfde dag; dan gaat er niets verloren.',
    storage_unknown:
      'Deze telefoon laat niet weten hoe lang er bewaard wordt. Verstuur je antwoorden bij voorkeur dezelfde dag.',
    about: 'Over jouw deelname',
    pseudonym: 'Je nummer',
    study: 'Onderzoek',
    version: 'Versie van de vragen',
    simulated: 'Dit is een proefdeelnemer.',
    privacy: 'Roepnamen staan alleen op deze telefoon. Het onderzoek kent jou alleen onder je nummer.',
  },
  en: {
    title: 'Settings',
    language: 'Language',
    notifications: 'Notifications',
    storage: 'Keeping things on this phone',
    storage_yes: 'Your phone has promised to keep your answers until they are sent.',
    storage_no:
      'Your phone has made no promise about keeping things. Put Dyade on your home screen and send your answers the same day; then nothing gets lost.',
    storage_unknown:
      'This phone does not say how long it keeps things. Preferably send your answers the same day.',
    about: 'About your participation',
    pseudonym: 'Your number',
    study: 'Study',
    version: 'Version of the questions',
    simulated: 'This is a simulated participant.',
    privacy: 'Nicknames are only on this phone. The study knows you only by your number.',
  },
};
