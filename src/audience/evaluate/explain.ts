import { idKey } from '../../workspace/catalog.ts';
import { type AudienceWorkspace, filterOf } from '../context.ts';
import type { Filter, Leaf } from '../grammar/filter.ts';
import { answerLeaf } from './evaluate.ts';
import type { Question } from './question.ts';
import { sentenceOf } from './sentence.ts';

/** A filter or group with its result. `found` is the value that the filter looked at; null: there was none. */
export type Explanation =
  | { path: string; held: boolean; operator: 'AND' | 'OR' | 'NOT'; filters: readonly Explanation[] }
  | { path: string; held: boolean; found: unknown; sentence: string; segment?: Explanation };

/** The filter that said no: its path, and why. */
export interface Objection {
  path: string;
  sentence: string;
}

/** Explains, for the whole tree, why a person is in an audience or not. `path` of `filter`: `audience` or `segment`. */
export function explain(filter: Filter, path: string, question: Question): Explanation {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const operator = filter.kind === 'and' ? 'AND' : 'OR';
      const at = (index: number) => `${path}.${operator}[${index}]`;
      const filters = filter.filters.map((one, index) => explain(one, at(index), question));
      const held = operator === 'AND' ? filters.every((one) => one.held) : filters.some((one) => one.held);
      return { path: `${path}.${operator}`, held, operator, filters };
    }
    case 'not': {
      const inner = explain(filter.filter, `${path}.NOT`, question);
      return { path: `${path}.NOT`, held: !inner.held, operator: 'NOT', filters: [inner] };
    }
    default:
      return explainLeaf(filter, question);
  }
}

function explainLeaf(leaf: Leaf, question: Question): Explanation {
  const { workspace } = question.context;
  const answer = answerLeaf(leaf, question);
  return {
    path: leaf.path,
    held: answer.held,
    found: answer.found ?? null,
    sentence: sentenceOf(leaf, answer, workspace),
    ...(leaf.kind === 'segment' && innerOf(leaf.segmentId, workspace, question)),
  };
}

function innerOf(segmentId: string, workspace: AudienceWorkspace, question: Question): { segment?: Explanation } {
  const segment = workspace.segments.get(idKey(segmentId));
  const filter = segment === undefined ? null : filterOf(segment);
  return filter === null ? {} : { segment: explain(filter, 'segment', question) };
}

/** The first filter that said no. null: the answer is yes. */
export function objectionOf(explanation: Explanation): Objection | null {
  if (explanation.held) return null;
  const { path } = explanation;
  if (!('operator' in explanation)) return { path, sentence: explanation.sentence };
  const { operator, filters } = explanation;
  if (operator === 'NOT') return { path, sentence: `what it rules out is so: ${reasonOf(filters[0])}` };
  const first = filters.find(({ held }) => !held);
  const objection = first === undefined ? null : objectionOf(first);
  if (objection === null) throw new Error(`${path} says no, but none of its filters does`);
  if (operator === 'AND' || filters.length === 1) return objection;
  return { path, sentence: `none of its ${filters.length} holds, first ${objection.path}: ${objection.sentence}` };
}

/** Why an answer is yes. The reason of a group is that of its first filter that holds. */
function reasonOf(explanation: Explanation | undefined): string {
  if (explanation === undefined) return 'nothing';
  if (!('operator' in explanation)) return explanation.sentence;
  const { operator, filters, path } = explanation;
  if (operator === 'NOT') return `${path}: ${objectionOf(filters[0] ?? explanation)?.sentence ?? ''}`;
  return reasonOf(filters.find(({ held }) => held));
}
