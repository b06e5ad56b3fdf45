import type { Frame } from './frame.ts';
import type { Value } from './values/values.ts';

/** Something that has a value in a rendering. */
export interface Expression {
  /** Its value is HTML as it stands, so an output does not escape it. Absent: it is a text. */
  readonly isHtml?: boolean;
  evaluate(frame: Frame): Value;
}

/** Gives the personal expression of this number. */
export type Personal = (index: number) => Expression;

export class Literal implements Expression {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }

  evaluate(): Value {
    return this.value;
  }
}

export const nilLiteral = new Literal(null);
