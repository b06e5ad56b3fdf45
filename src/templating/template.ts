import { LiquidError, type Template as Parsed } from 'liquidjs';
import { type Reference, TemplateSyntaxError, toPlainLiquid } from './dialect.ts';
import { AbortMessage, createEngine, type Turns } from './engine.ts';
import type { RenderContext } from './facts.ts';
import { RenderStop } from './render-stop.ts';
import { resolveReference } from './resolve.ts';

export { TemplateSyntaxError } from './dialect.ts';

/** A text with places for what is known of a person. */
export interface Template {
  /** What it reads, each once. */
  references: readonly Reference[];
  /** Pure for the same context. Throws RenderStop. */
  render(context: RenderContext): string;
}

const engine = createEngine();
const MAX_OUTPUT = 1_000_000;

const compiled = new Map<string, Template>();
const MAX_COMPILED = 2_000;

/** True when the text has anything to render. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}

/** Parsed once per text, however many people it is rendered for. Throws TemplateSyntaxError. */
export function compileTemplate(source: string): Template {
  const known = compiled.get(source);
  if (known) return known;
  const template = parse(source);
  compiled.set(source, template);
  for (const [oldest] of compiled) {
    if (compiled.size <= MAX_COMPILED) break;
    compiled.delete(oldest);
  }
  return template;
}

function parse(source: string): Template {
  const plain = toPlainLiquid(source);
  const parsed = parsePlain(plain.source);
  return { references: plain.references, render: (context) => render(parsed, plain.references, context) };
}

function parsePlain(source: string): Parsed[] {
  try {
    return engine.parse(source);
  } catch (error) {
    throw new TemplateSyntaxError(firstLine(error), { cause: error });
  }
}

function render(parsed: Parsed[], references: readonly Reference[], context: RenderContext): string {
  const scope: Record<string, unknown> = { _now: context.now, _turns: { count: 0 } satisfies Turns };
  for (const [index, reference] of references.entries()) scope[`_v${index}`] = resolveReference(reference, context);
  try {
    const text: string = engine.renderSync(parsed, scope);
    if (text.length > MAX_OUTPUT) throw new RenderStop('render_error', `more than ${MAX_OUTPUT} characters`);
    return text;
  } catch (error) {
    throw stopOf(error);
  }
}

function stopOf(error: unknown): RenderStop {
  if (error instanceof RenderStop) return error;
  const cause = error instanceof LiquidError ? (error.originalError ?? error) : error;
  if (cause instanceof AbortMessage) return new RenderStop('aborted', cause.message);
  return new RenderStop('render_error', firstLine(cause));
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').slice(0, 200);
}
