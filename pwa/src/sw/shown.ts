import { fill, inLanguage, words } from '../engine/fill';
import { database, single } from '../lib/db';
import { openLabel } from '../lib/labels';
import { findPrompt, isAnsweredHere, studyTime, wasShown } from '../lib/prompts';
import type { PushPayload } from '../lib/wire';

export interface Shown {
  title: string;
  body: string;
  tag: string;
  path: string;
  /** Rings for the first word about a prompt only. */
  silent: boolean;
}

const OVER: Record<string, string> = {
  nl: 'Dit moment is voorbij. Dat geeft niet.',
  en: 'This moment has passed. That is all right.',
};

const ANSWERED: Record<string, string> = {
  nl: 'Dit heb je al ingevuld. Je hoeft niets te doen.',
  en: 'You have already answered this. There is nothing to do.',
};

/** What the notification says. Whatever is missing or broken, there is always something to show. */
export async function shownFor(payload: PushPayload, now: number): Promise<Shown> {
  const { notification, prompt } = payload;
  const language = (await single('language')) ?? notification?.lang ?? 'en';
  const neutral: Shown = {
    title: notification?.title ?? 'Dyade',
    body: notification?.body ?? '',
    tag: prompt?.id ?? notification?.tag ?? 'dyade',
    path: prompt ? `/app/diary/${prompt.id}` : '/app/',
    silent: prompt ? await wasShown(prompt.id).catch(() => false) : false,
  };
  if (prompt && (await isAnswered(prompt.id).catch(() => false))) {
    return {
      tag: neutral.tag,
      title: 'Dyade',
      body: ANSWERED[language] ?? ANSWERED['en']!,
      path: '/app/',
      silent: true,
    };
  }
  if (prompt && Date.parse(prompt.expires_at) <= studyTime(await single('prompts'), now)) {
    return { ...neutral, body: OVER[language] ?? OVER['en']!, path: '/app/' };
  }
  return { ...neutral, ...(await fromProtocol(payload, language).catch(() => null)) };
}

/** On this phone, or as far as the study has told. */
export async function isAnswered(promptId: string): Promise<boolean> {
  return (await isAnsweredHere(promptId)) || (await findPrompt(promptId))?.state === 'answered';
}

/** The study's own words, with the nickname only where the person chose to see it. */
async function fromProtocol(
  payload: PushPayload,
  language: string,
): Promise<Pick<Shown, 'title' | 'body'> | null> {
  const protocol = (await (await database()).getAll('protocols')).at(-1)?.protocol;
  const template = protocol?.notifications?.[payload.template ?? ''];
  if (!protocol || !template || !payload.prompt) return null;
  const names = words(protocol.terms, language);
  const nickname =
    (await single('notifications')) === 'with' ? await nicknameOf(payload.prompt.dyad_id) : null;
  if (nickname !== null) names['nickname'] = nickname;
  const title = fill(inLanguage(template.title, language), names);
  const body = fill(inLanguage(template.body, language), names);
  const neutral = inLanguage(template.neutral_title, language) || (payload.notification?.title ?? 'Dyade');
  return {
    title: title.includes('{nickname}') ? fill(neutral, names) : title,
    body: body.includes('{nickname}') ? '' : body,
  };
}

async function nicknameOf(dyadId: string): Promise<string | null> {
  const dyad = await (await database()).get('roster', dyadId);
  return dyad ? openLabel(dyad).catch(() => null) : null;
}
