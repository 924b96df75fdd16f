import type { Text } from './protocol';

/** The text in the reader's language; when the study does not have it, in the first language it does have. */
export function inLanguage(text: Text | undefined, language: string): string {
  if (!text) return '';
  return text[language] ?? Object.values(text)[0] ?? '';
}

/** Fills {nickname}, {client} and the like. A name nobody gave stays as it is written. */
export function fill(template: string, names: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(names, name) ? names[name]! : whole,
  );
}

/** The words of the study ({client}, {professional}) in one language. */
export function words(terms: Readonly<Record<string, Text>>, language: string): Record<string, string> {
  return Object.fromEntries(Object.entries(terms).map(([name, text]) => [name, inLanguage(text, language)]));
}
