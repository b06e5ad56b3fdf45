import { type Reference, Translator } from './dialect.ts';
import type { RenderContext } from './facts.ts';
import { dialectFilters } from './filters/index.ts';
import { Budget } from './liquid/budget.ts';
import { compileLiquid } from './liquid/liquid.ts';
import { tokenize } from './reading/tokenize.ts';
import { RenderStop } from './render-stop.ts';
import { resolveReference } from './resolve.ts';
import { slipsIn } from './slips.ts';
import { AbortMessage, dialectTags } from './tags.ts';

export { TemplateSyntaxError } from './liquid/errors.ts';

/** A text with places for what is known of a person. */
export interface Template {
  /** What it reads of the person and the message, each once. */
  references: readonly Reference[];
  /** Names that render to nothing and look like slips, said in words. */
  slips: readonly string[];
  /** Pure for the same context. `budget`: what the whole message may still use. Throws RenderStop. */
  render(context: RenderContext, budget?: Budget): string;
}

const compiled = new Map<string, Template>();
const MAX_COMPILED = 2_000;
/** Characters of all templates that are kept. One character takes up to 30 bytes. */
const MAX_COMPILED_CHARACTERS = 2_000_000;
let compiledCharacters = 0;

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
  compiledCharacters += source.length;
  for (const [oldest] of compiled) {
    if (compiled.size <= MAX_COMPILED && compiledCharacters <= MAX_COMPILED_CHARACTERS) break;
    compiled.delete(oldest);
    compiledCharacters -= oldest.length;
  }
  return template;
}

function parse(source: string): Template {
  const translator = new Translator(dialectFilters);
  const { references } = translator;
  const tokens = tokenize(source);
  const liquid = compileLiquid(source, {
    tokens,
    tags: dialectTags,
    filters: dialectFilters,
    personal: translator.personal,
    translate: (markup, kind) => translator.translate(markup, kind),
  });
  return {
    references,
    slips: slipsIn(source, tokens, references),
    render: (context, budget = new Budget()) => {
      const read = (number: number) => referred(references[number], context);
      try {
        return liquid.render({ variables: {}, read, now: context.now, budget });
      } catch (error) {
        throw stopOf(error);
      }
    },
  };
}

function referred(reference: Reference | undefined, context: RenderContext): unknown {
  return reference === undefined ? null : resolveReference(reference, context);
}

/** Whatever goes wrong is this person's message, and nobody else's. */
function stopOf(error: unknown): RenderStop {
  if (error instanceof RenderStop) return error;
  if (error instanceof AbortMessage) return new RenderStop('aborted', error.message);
  return new RenderStop('render_error', firstLine(error));
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').slice(0, 200);
}
