import { LimitReached, TemplateSyntaxError } from './errors.ts';
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
    throw syntaxErrorAt(source, parser.at, error.message, error);
  }
}

export function syntaxErrorAt(source: string, at: number, reason: string, cause?: Error): TemplateSyntaxError {
  let line = 1;
  for (let end = source.indexOf('\n'); end !== -1 && end < at; end = source.indexOf('\n', end + 1)) line += 1;
  return new TemplateSyntaxError(`${reason}, line ${line}`, { cause });
}
