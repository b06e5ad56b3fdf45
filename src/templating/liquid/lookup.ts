import type { Expression } from './expression.ts';
import type { Frame } from './frame.ts';
import { member, named } from './values/members.ts';
import { isNil, type Value } from './values/values.ts';

/** One step into a value: `.name`, or `[…]` with whatever is in it. */
export type Step = string | Expression;

/** A variable, or a personal expression, and the steps into it. */
export class Lookup implements Expression {
  readonly #first: Step;
  readonly #steps: readonly Step[];
  readonly #isPersonal: boolean;

  constructor(first: Step, steps: readonly Step[], isPersonal: boolean) {
    this.#first = first;
    this.#steps = steps;
    this.#isPersonal = isPersonal;
  }

  evaluate(frame: Frame): Value {
    let value = this.#start(frame);
    frame.budget.work(20 * this.#steps.length);
    for (const step of this.#steps) {
      if (isNil(value)) return null;
      value = typeof step === 'string' ? named(value, step, frame.budget) : member(value, step.evaluate(frame));
    }
    return value ?? null;
  }

  #start(frame: Frame): Value {
    if (typeof this.#first === 'string') return frame.find(this.#first);
    const value = this.#first.evaluate(frame);
    if (this.#isPersonal) return value;
    // `[x]` stands for the variable whose name x is.
    return typeof value === 'string' ? frame.find(value) : null;
  }
}
