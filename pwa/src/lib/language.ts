/** The languages the app itself speaks. A study speaks one or more of them. */
export type Language = 'nl' | 'en';
export const LANGUAGES: readonly Language[] = ['nl', 'en'];

/** What stands beside a screen: the same strings in every language. */
export type InEveryLanguage<T> = Readonly<Record<Language, T>>;

export function isLanguage(language: unknown): language is Language {
  return language === 'nl' || language === 'en';
}

export function languageOfBrowser(): Language {
  return navigator.language.toLowerCase().startsWith('nl') ? 'nl' : 'en';
}
