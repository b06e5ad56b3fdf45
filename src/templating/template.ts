import { CatalogHost, type CatalogUse } from './catalog-tags.ts';
import { ContentHost } from './content/reader.ts';
import { type Reference, Translator } from './dialect.ts';
import type { RenderContext } from './facts.ts';
import { dialectFilters } from './filters/index.ts';
import { Hosts } from './hosts.ts';
import { itemFieldsIn } from './item-fields.ts';
import { Budget } from './liquid/budget.ts';
import { LiquidError, TemplateSyntaxError } from './liquid/errors.ts';
import type { Frame, Included } from './liquid/frame.ts';
import { type Compiled, compileLiquid } from './liquid/liquid.ts';
import type { Tags } from './liquid/reading/parser.ts';
import type { Hash } from './liquid/values/values.ts';
import { ParsedCache } from './parsed-cache.ts';
import { tokenize } from './reading/tokenize.ts';
import { RenderStop } from './render-stop.ts';
import { resolveReference } from './resolve.ts';
import { slipsIn } from './slips.ts';
import { AbortMessage, filterValueTags, itemTextTags, messageTags, type TagUses } from './tags.ts';

export { TemplateSyntaxError } from './liquid/errors.ts';

/** A text with places for what is known of a person. */
export interface Template {
  /** What it reads of the person and the message, each once. */
  references: readonly Reference[];
  /** What it reads of item catalogs. */
  catalogs: readonly CatalogUse[];
  /** Whether it has a tag that makes calls. */
  fetches: boolean;
  /** Whether it has a tag that attaches pairs to the send. */
  hasExtras: boolean;
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
export type ContentBlocks = ReadonlyMap<string, Uses & Pick<Template, 'body' | 'references'>>;

/** What the tags of a template need beside the person. */
type Uses = Pick<Template, 'catalogs' | 'fetches' | 'hasExtras'>;

const noBlocks: ContentBlocks = new Map();

const messageTexts = new ParsedCache<Template>(2_000_000);
const itemTexts = new ParsedCache<Parsed>(200_000);
const filterValues = new ParsedCache<Parsed>(200_000);

/** True when the text has anything to render. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}

/** Parsed once per text, however many people it is rendered for. Throws TemplateSyntaxError. */
export function compileTemplate(source: string): Template {
  return messageTexts.get(source, parseMessageText);
}

function parseMessageText(source: string): Template {
  const uses: TagUses = { catalogs: [], fetches: false, hasExtras: false };
  const parsed = parse(source, messageTags(source, uses));
  const { itemFields: fields } = parsed;
  const catalogs = fields === null ? uses.catalogs : uses.catalogs.map((use) => ({ ...use, fields }));
  return templateOf(parsed, { ...uses, catalogs });
}

interface Parsed extends Pick<Template, 'references' | 'slips' | 'blocks'> {
  liquid: Compiled;
  /** Fields of items that it reads. null: not known, or it reads no items. */
  itemFields: readonly string[] | null;
}

function parse(source: string, tags: Tags): Parsed {
  const translator = new Translator(dialectFilters);
  const { references } = translator;
  const tokens = tokenize(source);
  const liquid = compileLiquid(source, {
    tokens,
    tags,
    filters: dialectFilters,
    personal: translator.personal,
    translate: (markup, kind, at) => translator.translate(markup, kind, at),
  });
  const blocks = withLines(translator.blocks, source);
  return { references, slips: slipsIn(source, tokens, references), blocks, liquid, itemFields: itemFieldsIn(tokens) };
}

function templateOf({ liquid, itemFields: _, ...parsed }: Parsed, uses: Uses): Template {
  return {
    ...parsed,
    ...uses,
    body: liquid.body,
    render: (context, budget = new Budget(), blocks = noBlocks) => {
      const read = readerOf(parsed.references, context);
      const include = (name: string) => includedFrom(blocks, name, context);
      const host = hostsOf([uses, ...blocks.values()], context);
      try {
        const { now, escapesHtml } = context;
        return liquid.render({ variables: {}, read, include, now, budget, escapesHtml, host });
      } catch (error) {
        if (error instanceof AbortMessage) context.content?.noteAbort();
        throw stopOf(error);
      }
    },
  };
}

/** undefined: no tag needs one, as in nearly all templates. */
function hostsOf(templates: readonly Uses[], context: RenderContext): Hosts | undefined {
  const catalogs = templates.some((one) => one.catalogs.length > 0) ? catalogHostOf(context) : undefined;
  const reader = templates.some((one) => one.fetches) ? context.content : undefined;
  const extras = templates.some((one) => one.hasExtras) ? context.extras : undefined;
  const hosts = [catalogs, reader && new ContentHost(reader), extras].filter((host) => host !== undefined);
  return hosts.length === 0 ? undefined : new Hosts(hosts);
}

function catalogHostOf(context: RenderContext): CatalogHost | undefined {
  if (context.catalogs === undefined) return undefined;
  const include = (name: string) => includedFrom(noBlocks, name, context);
  const render = ({ references, liquid }: Parsed, variables: Hash, { now, budget }: Frame) =>
    liquid.render({ variables, read: readerOf(references, context), include, now, budget });
  return new CatalogHost(context.catalogs, {
    text: (text, variables, frame) => render(parsedItemText(text), variables, frame),
    value: (text, frame) => unlessBroken(() => render(parsedFilterValue(text), {}, frame)),
  });
}

/** Throws LiquidError, because the template of the message is not to blame. */
function parsedItemText(text: string): Parsed {
  try {
    return itemTexts.get(text, (source) => parse(source, itemTextTags));
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    throw new LiquidError(`a text of a catalog is not a valid template: ${error.message}`);
  }
}

function parsedFilterValue(text: string): Parsed {
  return filterValues.get(text, (source) => parse(source, filterValueTags));
}

/** null: the text cannot be read or rendered. */
function unlessBroken(render: () => string): string | null {
  try {
    return render();
  } catch (error) {
    if (error instanceof TemplateSyntaxError || error instanceof LiquidError) return null;
    throw error;
  }
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
