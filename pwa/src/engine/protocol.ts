/** The parts of a protocol document that the phone reads. The service checks the document; here it is trusted. */

export type Text = Readonly<Record<string, string>>;
export type Value = boolean | number | string;
export type Answers = Readonly<Record<string, unknown>>;

export interface Point {
  value: number;
  label: Text;
}

export interface Option {
  value: string;
  label: Text;
}

export type Condition =
  | { item: string; is: Value }
  | { item: string; above: number }
  | { item: string; below: number }
  | { all: readonly Condition[] }
  | { any: readonly Condition[] }
  | { not: Condition };

interface ItemBase {
  id: string;
  card?: string;
  text: Text;
  help?: Text;
  required?: boolean;
  show_if?: Condition;
}

export interface YesNoItem extends ItemBase {
  kind: 'yes_no';
}

export interface ScaleItem extends ItemBase {
  kind: 'scale';
  /** A name in `scales`, or the points themselves. */
  points: string | readonly Point[];
}

export interface ChoiceItem extends ItemBase {
  kind: 'choice';
  options: readonly Option[];
}

export type Item = YesNoItem | ScaleItem | ChoiceItem;
export type Scales = Readonly<Record<string, readonly Point[]>>;

export interface Card {
  id: string;
  title?: Text;
  intro?: Text;
}

export interface Instrument {
  instrument: string;
  version: number;
  title: Text;
  intro?: Text;
  points: readonly Point[];
  items: readonly { id: string; text: Text; help?: Text; required?: boolean }[];
}

export interface NotificationTemplate {
  title: Text;
  body: Text;
  neutral_title?: Text;
}

export interface Protocol {
  study: string;
  version: number;
  languages: readonly string[];
  title: Text;
  terms: Readonly<Record<string, Text>>;
  dyads: { at_most: number };
  instruments: Readonly<Record<string, Instrument>>;
  baseline?: { per_dyad?: readonly string[] };
  notifications?: Readonly<Record<string, NotificationTemplate>>;
  scales: Scales;
  diary: { cards: readonly Card[]; items: readonly Item[] };
}

export interface ScoreRule {
  items: readonly string[];
  method: string;
  at_least: number;
}

/** An instrument has one list of points for all its items; as items of the diary it is read the same way. */
export function itemsOfInstrument(instrument: Instrument): ScaleItem[] {
  return instrument.items.map((item) => ({ ...item, kind: 'scale', points: instrument.points }));
}
