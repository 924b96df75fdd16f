import type { InEveryLanguage } from '../lib/language';

export const strings: InEveryLanguage<Record<'today' | 'settings' | 'tabs' | 'back', string>> = {
  nl: { today: 'Vandaag', settings: 'Instellingen', tabs: 'Schermen', back: 'Terug' },
  en: { today: 'Today', settings: 'Settings', tabs: 'Screens', back: 'Back' },
};
