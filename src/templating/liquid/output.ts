import type { Node } from './body.ts';
import type { Expression } from './expression.ts';
import type { Frame } from './frame.ts';
import { toOutput } from './values/show.ts';

/** `{{ … }}` */
export class Output implements Node {
  readonly isSilent = false;
  readonly #expression: Expression;

  constructor(expression: Expression) {
    this.#expression = expression;
  }

  render(frame: Frame): void {
    frame.write(toOutput(this.#expression.evaluate(frame), frame.budget));
  }
}
