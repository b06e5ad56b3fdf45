/** The template cannot be read. Found when it is compiled; the message names a line and, at most, the tag or filter. */
export class TemplateSyntaxError extends Error {}

/** A syntax error whose place is known. */
export class SyntaxErrorAt extends TemplateSyntaxError {
  /** What is wrong, without the line. */
  readonly reason: string;
  /** Offset of the tag or output in `source`. */
  readonly at: number;

  constructor(source: string, at: number, reason: string, cause?: Error) {
    super(`${reason}, line ${lineAndColumn(source, at).line}`, { cause });
    this.reason = reason;
    this.at = at;
  }
}

/** What goes wrong while a template is rendered for one person. */
class RenderingError extends Error {
  /** Offset of the innermost tag or output that failed, in the text of its template. null: not known yet. */
  at: number | null = null;
  /** The content block that has the text. null: the template itself. */
  block: string | null = null;
}

/** The template asks for what cannot be done with these values: Shopify's Liquid prints "Liquid error" in its place. */
export class LiquidError extends RenderingError {}

/** One rendering wants more memory or time than it may have. */
export class LimitReached extends RenderingError {}

/** Whether the error says where it arose, or can be told. */
export function isPlaceable(error: unknown): error is LiquidError | LimitReached {
  return error instanceof RenderingError;
}

/** Of an offset in a text, both from 1. Columns are counted in UTF-16 units, as editors do. */
export function lineAndColumn(text: string, at: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', start)) {
    line += 1;
    start = end + 1;
  }
  return { line, column: at - start + 1 };
}

/** Deep enough for any author; shallow enough for the stack. */
export const MAX_DEPTH = 100;

/** Guards what calls itself once for each level of a template. */
export function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw new TemplateSyntaxError(`nested more than ${MAX_DEPTH} deep`);
}
