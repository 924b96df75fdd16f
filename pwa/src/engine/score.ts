import type { Answers, ScoreRule } from './protocol';

/** The mean of the numeric answers, or null when fewer than `at_least` of them are there. */
export function score(rule: ScoreRule, answers: Answers): number | null {
  const values = rule.items
    .filter((id) => Object.hasOwn(answers, id))
    .map((id) => answers[id])
    .filter((value) => typeof value === 'number');
  if (values.length === 0 || values.length < rule.at_least) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
