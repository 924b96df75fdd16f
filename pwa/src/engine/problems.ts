import { relevant } from './conditions';
import type { Answers, Item, Point, ScaleItem, Scales } from './protocol';

export interface Problem {
  item: string;
  problem: 'unknown_item' | 'not_asked' | 'missing' | 'not_allowed';
}

/** Known items in document order, then unknown items by name. */
export function problems(items: readonly Item[], scales: Scales, answers: Answers): Problem[] {
  const asked = new Set(relevant(items, answers));
  const found: Problem[] = [];
  for (const item of items) {
    const answered = Object.hasOwn(answers, item.id);
    if (!asked.has(item.id)) {
      if (answered) found.push({ item: item.id, problem: 'not_asked' });
    } else if (!answered) {
      if (item.required ?? true) found.push({ item: item.id, problem: 'missing' });
    } else if (!isAllowed(item, scales, answers[item.id])) {
      found.push({ item: item.id, problem: 'not_allowed' });
    }
  }
  const known = new Set(items.map((item) => item.id));
  const unknown = Object.keys(answers).filter((id) => !known.has(id));
  return [...found, ...unknown.sort().map((item) => ({ item, problem: 'unknown_item' }) as const)];
}

export function pointsOf(item: ScaleItem, scales: Scales): readonly Point[] {
  return typeof item.points === 'string' ? (scales[item.points] ?? []) : item.points;
}

function isAllowed(item: Item, scales: Scales, answer: unknown): boolean {
  switch (item.kind) {
    case 'yes_no':
      return typeof answer === 'boolean';
    case 'scale':
      return pointsOf(item, scales).some((point) => point.value === answer);
    case 'choice':
      return item.options.some((option) => option.value === answer);
  }
}
