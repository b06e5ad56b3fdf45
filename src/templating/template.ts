import { CatalogHost, type CatalogUse } from './catalog-tags.ts';
import { ContentHost } from './content/reader.ts';
import { type Reference, Translator } from './dialect.ts';
import type { RenderContext } from './facts.ts';
import { dialectFilters } from './filters/index.ts';
import { Hosts } from './hosts.ts';
import { itemFieldsIn } from './item-fields.ts';
import { Budget } from './liquid/budget.ts';
import { isPlaceable, LiquidError, lineAndColumn, SyntaxErrorAt, TemplateSyntaxError } from './liquid/errors.ts';
import type { Frame, Included } from './liquid/frame.ts';
import { type Compiled, compileLiquid } from './liquid/liquid.ts';
import type { Tags } from './liquid/reading/parser.ts';
import type { Hash } from './liquid/values/values.ts';
import { ParsedCache } from './parsed-cache.ts';
import { type DerivedText, withoutComments } from './reading/html-comments.ts';
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
  /** An offset in what was parsed → the place in the text as it was written. */
  placeOf(at: number): { line: number; column: number };
  /**
   * Pure for the same context. `budget`: what the whole message may still use. `blocks`: the content blocks that it
   * includes, and those that they include. Throws RenderStop.
   */
  render(context: RenderContext, budget?: Budget, blocks?: ContentBlocks): string;
}

/** Content blocks by name. */
export type ContentBlocks = ReadonlyMap<string, Uses & Pick<Template, 'body' | 'references' | 'placeOf'>>;

/** What the tags of a template need beside the person. */
type Uses = Pick<Template, 'catalogs' | 'fetches' | 'hasExtras'>;

const noBlocks: ContentBlocks = new Map();

const messageTexts = new ParsedCache<Template>(2_000_000);
/** Texts in HTML that have comments, by the text with them. */
const htmlTexts = new ParsedCache<Template>(2_000_000);
const itemTexts = new ParsedCache<Parsed>(200_000);
const filterValues = new ParsedCache<Parsed>(200_000);

/** True when the text has anything to render. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}

/** Parsed once per text, however many people it is rendered for. Throws TemplateSyntaxError. */
export function compileTemplate(source: string): Template {
  return messageTexts.get(source, (text) => parseMessageText(asWritten(text)));
}

/** The same of HTML: what stands in its comments does not run. */
export function compileHtmlTemplate(html: string): Template {
  return html.includes('<!--') ? htmlTexts.get(html, parseCommentedHtml) : compileTemplate(html);
}

function parseCommentedHtml(html: string): Template {
  const source = { ...withoutComments(html), original: html };
  try {
    return parseMessageText(source);
  } catch (error) {
    if (!(error instanceof SyntaxErrorAt)) throw error;
    throw new SyntaxErrorAt(html, source.originalAt(error.at), error.reason, error);
  }
}

/** The text that is parsed, and the one that its author wrote, in which places are told. */
interface Source extends DerivedText {
  original: string;
}

function asWritten(text: string): Source {
  return { text, original: text, originalAt: (at) => at };
}

function parseMessageText(source: Source): Template {
  const uses: TagUses = { catalogs: [], fetches: false, hasExtras: false };
  const parsed = parse(source, messageTags(source.text, uses));
  const { itemFields: fields } = parsed;
  const catalogs = fields === null ? uses.catalogs : uses.catalogs.map((use) => ({ ...use, fields }));
  return templateOf(parsed, { ...uses, catalogs });
}

interface Parsed extends Pick<Template, 'references' | 'slips' | 'blocks' | 'placeOf'> {
  liquid: Compiled;
  /** Fields of items that it reads. null: not known, or it reads no items. */
  itemFields: readonly string[] | null;
}

function parse({ text: source, original, originalAt }: Source, tags: Tags): Parsed {
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
  const blocks = withLines(translator.blocks, original, originalAt);
  const slips = slipsIn(source, tokens, references);
  const placeOf = (at: number) => lineAndColumn(original, originalAt(at));
  return { references, slips, blocks, liquid, itemFields: itemFieldsIn(tokens), placeOf };
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
        throw stopOf(error, parsed, blocks);
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
    text: (text, variables, frame) => withoutPlace(() => render(parsedItemText(text), variables, frame)),
    value: (text, frame) => unlessBroken(() => render(parsedFilterValue(text), {}, frame)),
  });
}

/** Throws LiquidError, because the template of the message is not to blame. */
function parsedItemText(text: string): Parsed {
  try {
    return itemTexts.get(text, (source) => parse(asWritten(source), itemTextTags));
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    throw new LiquidError(`a text of a catalog is not a valid template: ${error.message}`);
  }
}

function parsedFilterValue(text: string): Parsed {
  return filterValues.get(text, (source) => parse(asWritten(source), filterValueTags));
}

/** An error in a text of an item is placed at the tag that reads the item: its author cannot see the text. */
function withoutPlace(render: () => string): string {
  try {
    return render();
  } catch (error) {
    if (isPlaceable(error)) error.at = null;
    throw error;
  }
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
function withLines(
  places: ReadonlyMap<string, number>,
  source: string,
  originalAt: DerivedText['originalAt'],
): Map<string, number> {
  let line = 1;
  let end = source.indexOf('\n');
  return new Map(
    [...places].map(([name, derivedAt]) => {
      const at = originalAt(derivedAt);
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
function stopOf(error: unknown, template: Pick<Template, 'placeOf'>, blocks: ContentBlocks): RenderStop {
  if (error instanceof RenderStop) return error;
  if (error instanceof AbortMessage) return new RenderStop('aborted', error.message);
  return new RenderStop('render_error', firstLine(error) + placeIn(template, blocks, error));
}

/** Where the error arose, in words. Empty: nobody knows. */
function placeIn(template: Pick<Template, 'placeOf'>, blocks: ContentBlocks, error: unknown): string {
  if (!isPlaceable(error) || error.at === null) return '';
  const source = error.block === null ? template : blocks.get(error.block);
  if (source === undefined) return '';
  const { line, column } = source.placeOf(error.at);
  return `${error.block === null ? '' : `, content block ${error.block}`}, line ${line}, column ${column}`;
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').slice(0, 200);
}
