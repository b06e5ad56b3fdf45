/** The template cannot be read. Found when it is compiled; the message names a line and, at most, the tag or filter. */
export class TemplateSyntaxError extends Error {}

/** The template asks for what cannot be done with these values: Shopify's Liquid prints "Liquid error" in its place. */
export class LiquidError extends Error {}

/** One rendering wants more memory or time than it may have. */
export class LimitReached extends Error {}

/** Deep enough for any author; shallow enough for the stack. */
export const MAX_DEPTH = 100;

/** Guards what calls itself once for each level of a template. */
export function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw new TemplateSyntaxError(`nested more than ${MAX_DEPTH} deep`);
}
