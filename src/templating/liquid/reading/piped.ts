import { TemplateSyntaxError } from '../errors.ts';
import { type Expression, nilLiteral, type Personal } from '../expression.ts';
import type { Filter, Filters } from '../filter.ts';
import type { Frame } from '../frame.ts';
import type { Value } from '../values/values.ts';
import { readLaxly, splitKey } from './lax.ts';
import { parseExpression } from './parse-expression.ts';
import { readStrictly } from './strict.ts';

export interface Language {
  filters: Filters;
  personal: Personal;
}

/** `expression | filter: argument | …`, as it stands in outputs and behind `assign`. Throws TemplateSyntaxError. */
export function parsePiped(markup: string, language: Language): Expression {
  const { expression, filters } = readStrictly(markup) ?? readLaxly(markup);
  const input = expression === null ? nilLiteral : parseExpression(expression, language.personal);
  const steps = filters.map(({ name, args }) => new FilterCall(name, args, language));
  return steps.length === 0 ? input : new Piped(input, steps);
}

class Piped implements Expression {
  /** A text in HTML stays HTML whatever is done to it, as does what the last filter makes HTML. */
  readonly isHtml: boolean;
  readonly #input: Expression;
  readonly #steps: readonly FilterCall[];

  constructor(input: Expression, steps: readonly FilterCall[]) {
    this.#input = input;
    this.#steps = steps;
    this.isHtml = input.isHtml === true || steps.at(-1)?.givesHtml === true;
  }

  evaluate(frame: Frame): Value {
    let value = this.#input.evaluate(frame);
    for (const step of this.#steps) value = step.apply(value, frame);
    return value;
  }
}

class FilterCall {
  readonly #filter: Filter;
  readonly #args: Expression[] = [];
  readonly #named: [string, Expression][] = [];

  get givesHtml(): boolean {
    return this.#filter.givesHtml === true;
  }

  constructor(name: string, args: readonly string[], { filters, personal }: Language) {
    const filter = filters.get(name);
    if (filter === undefined) throw new TemplateSyntaxError(`unknown filter ${name}`);
    this.#filter = filter;
    for (const arg of args) {
      const keyed = splitKey(arg);
      if (keyed === null) this.#args.push(parseExpression(arg, personal));
      else this.#named.push([keyed.key, parseExpression(keyed.value, personal)]);
    }
    this.#checkCount(name);
  }

  /** Named arguments are one record, behind the others. */
  #checkCount(name: string): void {
    const { least, most } = this.#filter;
    const count = this.#args.length + (this.#named.length > 0 ? 1 : 0);
    if (count >= least && count <= most) return;
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    throw new TemplateSyntaxError(`filter ${name}: expected ${wanted} arguments, got ${count}`);
  }

  apply(input: Value, frame: Frame): Value {
    frame.budget.work(100);
    const args = this.#args.map((arg) => arg.evaluate(frame));
    if (this.#named.length > 0)
      args.push(Object.fromEntries(this.#named.map(([key, value]) => [key, value.evaluate(frame)])));
    return this.#filter.apply(input, args, frame) ?? null;
  }
}
