import type { InEveryLanguage } from '../../lib/language';

type Names =
  | 'title'
  | 'ask'
  | 'lock_screen'
  | 'with'
  | 'without'
  | 'busy'
  | 'failed'
  | 'denied'
  | 'unsupported'
  | 'on_with'
  | 'on_without'
  | 'off'
  | 'later'
  | 'switch_off';

export const notificationStrings: InEveryLanguage<Record<Names, string>> = {
  nl: {
    title: 'Een seintje als het tijd is',
    ask: 'Dan hoef je er zelf niet aan te denken. Wil je de roepnaam in het bericht zien?',
    lock_screen: 'Wie op je vergrendelde scherm kijkt, ziet het bericht ook.',
    with: 'Met roepnaam',
    without: 'Zonder roepnaam',
    busy: 'Seintjes worden aangezet…',
    failed: 'Seintjes aanzetten lukt nu niet. Op Vandaag zie je altijd wat er open staat.',
    denied:
      'Seintjes staan uit in de instellingen van je telefoon. Op Vandaag zie je altijd wat er open staat.',
    unsupported:
      'Seintjes kunnen hier niet. Op een iPhone kan het wel als je Dyade op je beginscherm zet. Op Vandaag zie je altijd wat er open staat.',
    on_with: 'Seintjes staan aan, met de roepnaam.',
    on_without: 'Seintjes staan aan, zonder roepnaam.',
    off: 'Seintjes staan nu uit.',
    later: 'Niet nu',
    switch_off: 'Seintjes uitzetten',
  },
  en: {
    title: 'A message when it is time',
    ask: 'Then you need not think of it yourself. Do you want to see the nickname in the message?',
    lock_screen: 'Whoever looks at your locked screen can see the message too.',
    with: 'With nickname',
    without: 'Without nickname',
    busy: 'Switching on notifications…',
    failed: 'Notifications cannot be switched on right now. Today always shows what is due.',
    denied: 'Notifications are switched off in your phone’s settings. Today always shows what is due.',
    unsupported:
      'Notifications are not possible here. On an iPhone they are, once Dyade is on your home screen. Today always shows what is due.',
    on_with: 'Notifications are on, with the nickname.',
    on_without: 'Notifications are on, without the nickname.',
    off: 'Notifications are off now.',
    later: 'Not now',
    switch_off: 'Switch notifications off',
  },
};
