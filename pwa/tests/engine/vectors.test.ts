import { describe, expect, it } from 'vitest';
import contentHash from '../../../tests/contract/vectors/content_hash.json';
import vectors from '../../../tests/contract/vectors/engine.json';
import { relevant } from '../../src/engine/conditions';
import { problems } from '../../src/engine/problems';
import type { Answers, Item, Scales, ScoreRule } from '../../src/engine/protocol';
import { score } from '../../src/engine/score';
import { sha256 } from '../../src/lib/ids';

// The same files are run by the service: both engines must agree on every case.

describe('relevant', () => {
  it.each(vectors.relevant)('$name', ({ items, answers, expect: expected }) => {
    expect(relevant(items as unknown as Item[], answers as Answers)).toEqual(expected);
  });
});

describe('problems', () => {
  it.each(vectors.problems)('$name', ({ items, scales, answers, expect: expected }) => {
    expect(problems(items as unknown as Item[], scales as Scales, answers as Answers)).toEqual(expected);
  });
});

describe('score', () => {
  it.each(vectors.score)('$name', ({ rule, answers, expect: expected }) => {
    const found = score(rule as ScoreRule, answers as Answers);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(expected, 12);
  });
});

describe('the content hash', () => {
  it.each(contentHash)('of $body', async ({ body, sha256: expected }) => {
    expect(await sha256(body)).toBe(expected);
  });
});
