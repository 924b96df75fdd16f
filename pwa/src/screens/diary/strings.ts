import type { InEveryLanguage } from '../../lib/language';

type Names =
  | 'title'
  | 'heading'
  | 'until'
  | 'late'
  | 'unknown'
  | 'unknown_text'
  | 'over'
  | 'over_text'
  | 'before'
  | 'before_text'
  | 'to_today'
  | 'saved';

export const strings: InEveryLanguage<Record<Names, string>> = {
  nl: {
    title: 'Dagboek',
    heading: 'Over {nickname}',
    until: 'Invullen kan tot {time}.',
    late: 'De tijd voor dit bericht is voorbij. Je kunt afmaken wat je begonnen was.',
    unknown: 'Dit bericht staat niet op deze telefoon',
    unknown_text: 'Misschien is er nu geen verbinding. Op Vandaag zie je wat er open staat.',
    over: 'Dit moment is voorbij',
    over_text: 'Dat geeft niet. Er komt weer een nieuw moment, en je mag altijd overslaan.',
    before: 'Dit heb je al ingevuld',
    before_text: 'Je antwoorden zijn bewaard. Je hoeft niets meer te doen.',
    to_today: 'Naar Vandaag',
    saved: 'Bewaard op deze telefoon.',
  },
  en: {
    title: 'Diary',
    heading: 'About {nickname}',
    until: 'You can answer until {time}.',
    late: 'The time for this message has passed. You can finish what you started.',
    unknown: 'This message is not on this phone',
    unknown_text: 'Perhaps there is no connection right now. Today shows what is open.',
    over: 'This moment has passed',
    over_text: 'That is all right. There will be another one, and you may always skip.',
    before: 'You have already answered this',
    before_text: 'Your answers are saved. There is nothing left to do.',
    to_today: 'Go to Today',
    saved: 'Saved on this phone.',
  },
};
