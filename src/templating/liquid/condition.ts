import type { Comparison } from './comparisons.ts';
import type { Expression } from './expression.ts';
import type { Frame } from './frame.ts';
import { isTruthy } from './values/values.ts';

/** Decides whether a branch is taken. */
export interface Condition {
  holds(frame: Frame): boolean;
}

/** One comparison, or a value that is true or not. */
export class Test implements Condition {
  readonly #left: Expression;
  readonly #right: Expression;
  readonly #compare: Comparison | null;

  constructor(left: Expression, compare: Comparison | null, right: Expression) {
    this.#left = left;
    this.#compare = compare;
    this.#right = right;
  }

  holds(frame: Frame): boolean {
    frame.budget.work(50);
    if (this.#compare === null) return isTruthy(this.#left.evaluate(frame));
    return this.#compare(this.#left.evaluate(frame), this.#right.evaluate(frame), frame);
  }
}

/** Tests joined by `and` and `or`. Neither binds closer: what follows the word is one condition, read from the right. */
export class Chain implements Condition {
  readonly #tests: readonly Test[];
  readonly #joints: readonly string[];

  constructor(tests: readonly Test[], joints: readonly string[]) {
    this.#tests = tests;
    this.#joints = joints;
  }

  holds(frame: Frame): boolean {
    let result = false;
    for (const [index, test] of this.#tests.entries()) {
      result = test.holds(frame);
      const joint = this.#joints[index];
      if (joint === undefined || (joint === 'or') === result) return result;
    }
    return result;
  }
}
