import type { Node } from './body.ts';
import type { Budget } from './budget.ts';
import type { Expression } from './expression.ts';
import { escapeHtml } from './filters/encodings.ts';
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
    const text = toOutput(this.#expression.evaluate(frame), frame.budget);
    frame.write(frame.escapesHtml && this.#expression.isHtml !== true ? escaped(text, frame.budget) : text);
  }
}

function escaped(text: string, budget: Budget): string {
  budget.work(6 * text.length);
  return escapeHtml(text);
}
