import { segmentMeant } from '../../workspace/catalog.ts';
import { filterOf } from '../context.ts';
import type { Filter, Leaf } from '../grammar/filter.ts';
import { leafAnswers } from './leaf-answers.ts';
import type { Answer, Question } from './question.ts';

/**
 * Whether one person is in the audience, by facts in memory. It shares only the parsed filter with the compiler, so
 * that tests can check each against the other.
 */
export function evaluate(filter: Filter, question: Question): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.filters.every((one) => evaluate(one, question));
    case 'or':
      return filter.filters.some((one) => evaluate(one, question));
    case 'not':
      return !evaluate(filter.filter, question);
    default:
      return answerLeaf(filter, question).held;
  }
}

/** Answers a single filter. */
export function answerLeaf(leaf: Leaf, question: Question): Answer {
  if (leaf.kind !== 'segment') return leafAnswers(leaf, question);
  const segment = segmentMeant(question.context.workspace, leaf.segmentId);
  if (segment === undefined) throw new Error(`segment ${leaf.segmentId} is gone`);
  const filter = filterOf(segment);
  const isMember = filter === null || evaluate(filter, question);
  return { held: isMember === leaf.in, found: isMember ? 'a member' : 'no member' };
}
