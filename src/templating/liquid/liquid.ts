import { LimitReached, SyntaxErrorAt, TemplateSyntaxError } from './errors.ts';
import { Frame, type Included, type Inputs } from './frame.ts';
import { Parser, type ParserOptions } from './reading/parser.ts';

/** A template that was read, as often to be rendered as there are people. */
export interface Compiled {
  /** Renders it within another template. */
  body: Included['body'];
  /** Throws LiquidError, LimitReached, and what the tags and filters of a dialect throw. */
  render(inputs: Inputs): string;
}

/** Tokens → template. Throws TemplateSyntaxError, which names the line in `source`. */
export function compileLiquid(source: string, options: ParserOptions): Compiled {
  const parser = new Parser(options);
  try {
    const body = parser.parse();
    return {
      body,
      render: (inputs) => {
        const frame = new Frame(inputs);
        body.render(frame);
        return frame.output;
      },
    };
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError || error instanceof LimitReached)) throw error;
    throw new SyntaxErrorAt(source, parser.at, error.message, error);
  }
}
