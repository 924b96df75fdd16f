import type { Answers, Condition, Item } from './protocol';

/** A comparison with an absent answer is false. Types are compared too: true is not 1, "1" is not 1. */
export function holds(condition: Condition, answers: ReadonlyMap<string, unknown>): boolean {
  if ('all' in condition) return condition.all.every((part) => holds(part, answers));
  if ('any' in condition) return condition.any.some((part) => holds(part, answers));
  if ('not' in condition) return !holds(condition.not, answers);
  const answer = answers.get(condition.item);
  if ('is' in condition) return answer === condition.is;
  if (typeof answer !== 'number') return false;
  return 'above' in condition ? answer > condition.above : answer < condition.below;
}

type Asked = Pick<Item, 'id' | 'show_if'>;

/** Items are visited in document order; a condition sees only answers of items already found relevant. */
export function relevant(items: readonly Asked[], answers: Answers): string[] {
  const seen = new Map<string, unknown>();
  const ids: string[] = [];
  for (const item of items) {
    if (item.show_if && !holds(item.show_if, seen)) continue;
    ids.push(item.id);
    if (Object.hasOwn(answers, item.id)) seen.set(item.id, answers[item.id]);
  }
  return ids;
}
