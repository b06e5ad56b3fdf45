import { type Reference, Translator } from './dialect.ts';
import type { RenderContext } from './facts.ts';
import { dialectFilters } from './filters/index.ts';
import { Budget } from './liquid/budget.ts';
import { LiquidError } from './liquid/errors.ts';
import type { Included } from './liquid/frame.ts';
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
  /** Names of the content blocks that stand in it → the line of the first tag that has one. */
  blocks: ReadonlyMap<string, number>;
  /** For a template that it is included in, as a content block. */
  body: Included['body'];
  /**
   * Pure for the same context. `budget`: what the whole message may still use. `blocks`: the content blocks that it
   * includes, and those that they include. Throws RenderStop.
   */
  render(context: RenderContext, budget?: Budget, blocks?: ContentBlocks): string;
}

/** Content blocks by name. */
export type ContentBlocks = ReadonlyMap<string, Pick<Template, 'body' | 'references'>>;

const noBlocks: ContentBlocks = new Map();

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
    translate: (markup, kind, at) => translator.translate(markup, kind, at),
  });
  return {
    references,
    slips: slipsIn(source, tokens, references),
    blocks: withLines(translator.blocks, source),
    body: liquid.body,
    render: (context, budget = new Budget(), blocks = noBlocks) => {
      const include = (name: string) => includedFrom(blocks, name, context);
      try {
        return liquid.render({ variables: {}, read: readerOf(references, context), include, now: context.now, budget });
      } catch (error) {
        throw stopOf(error);
      }
    },
  };
}

/** Places in the template, in their order → lines, from 1. In one pass, because a template may have thousands of blocks. */
function withLines(places: ReadonlyMap<string, number>, source: string): Map<string, number> {
  let line = 1;
  let end = source.indexOf('\n');
  return new Map(
    [...places].map(([name, at]) => {
      for (; end !== -1 && end < at; end = source.indexOf('\n', end + 1)) line += 1;
      return [name, line];
    }),
  );
}

function readerOf(references: readonly Reference[], context: RenderContext): Included['read'] {
  return (number) => {
    const reference = references[number];
    return reference === undefined ? null : resolveReference(reference, context);
  };
}

function includedFrom(blocks: ContentBlocks, name: string, context: RenderContext): Included {
  const block = blocks.get(name);
  if (block === undefined) throw new LiquidError(`unknown content block ${name}`);
  return { body: block.body, read: readerOf(block.references, context) };
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
