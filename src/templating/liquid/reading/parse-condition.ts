import { type Comparison, comparisons, equal } from '../comparisons.ts';
import { Chain, type Condition, Test } from '../condition.ts';
import { TemplateSyntaxError } from '../errors.ts';
import { type Expression, nilLiteral, type Personal } from '../expression.ts';
import { questions } from '../question.ts';
import { partsOf } from './condition-parts.ts';
import { Markup } from './markup.ts';
import { parseExpression } from './parse-expression.ts';

/** `left == right and …`, as behind `if`. Throws TemplateSyntaxError. */
export function parseCondition(text: string, personal: Personal): Condition {
  const parts = partsOf(new Markup(text));
  const tests: Test[] = [];
  const joints: string[] = [];
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) tests.push(parseTest(part, personal));
    else joints.push(part.trim());
  }
  if (tests.length !== joints.length + 1) throw unreadable();
  if (joints.some((joint) => joint !== 'and' && joint !== 'or')) throw unreadable();
  return new Chain(tests, joints);
}

/** `left == right`, where the left side is read already, as behind `when`. */
export function equalTo(left: Expression, right: string, personal: Personal): Condition {
  return new Test(left, equal, operand(right, personal));
}

function unreadable(): TemplateSyntaxError {
  return new TemplateSyntaxError(
    'condition: expected values compared by ==, !=, <, >, <=, >= or contains, joined by and, or',
  );
}

function operand(text: string, personal: Personal): Expression {
  return questions.get(text) ?? parseExpression(text, personal);
}

function parseTest(part: string, personal: Personal): Test {
  const markup = new Markup(part);
  const start = markup.nextFragment(0);
  if (start === markup.length) throw unreadable();
  const left = markup.fragmentEnd(start);
  const sign = markup.skipSpace(left);
  const signEnd = operatorEnd(markup, sign);
  const right = markup.skipSpace(signEnd);
  const rightText = markup.slice(right, markup.fragmentEnd(right));
  return new Test(
    operand(markup.slice(start, left), personal),
    signEnd === sign ? null : comparisonOf(markup.slice(sign, signEnd)),
    rightText === '' ? nilLiteral : operand(rightText, personal),
  );
}

function operatorEnd(markup: Markup, from: number): number {
  let at = from;
  while (/[=!<>a-z_]/.test(markup.text[at] ?? '')) at += 1;
  return at;
}

function comparisonOf(sign: string): Comparison {
  const comparison = comparisons.get(sign);
  if (comparison === undefined) throw new TemplateSyntaxError(`unknown operator ${sign.slice(0, 20)}`);
  return comparison;
}
