import { elementPath, isObject, memberPath } from '../lib/raw/json.ts';
import type { Sink } from '../lib/raw/problems.ts';
import type { CatalogUse } from './catalog-tags.ts';
import type { Reference } from './dialect.ts';
import type { RenderContext } from './facts.ts';
import { Budget } from './liquid/budget.ts';
import { renderingText } from './render-stop.ts';
import { straysIn } from './slips.ts';
import {
  type ContentBlocks,
  compileHtmlTemplate,
  compileTemplate,
  isTemplate,
  TemplateSyntaxError,
} from './template.ts';

export interface TreeOptions {
  /** Of the value, from the body's root. */
  path: string;
  /** Members of the value itself whose texts are taken literally. */
  never: ReadonlySet<string>;
  /** Members of the value itself that are HTML. */
  html?: ReadonlySet<string> | undefined;
  problems: Sink;
  /** Told what looks like a slip in a template, as `path: …`. */
  warn?(text: string): void;
}

/** What one rendering has, beside its templates. */
export interface Rendering {
  context: RenderContext;
  /** What the whole message may still use. */
  budget: Budget;
  blocks: TreeBlocks;
}

/** The content blocks of a message: of those in HTML, the comments do not run. */
export interface TreeBlocks {
  html: ContentBlocks;
  text: ContentBlocks;
}

const noBlocks: TreeBlocks = { html: new Map(), text: new Map() };

/** A content block that a text includes. */
export interface BlockUse {
  name: string;
  /** Path of the text. */
  path: string;
  /** The first line of the text that names it. */
  line: number;
  isHtml: boolean;
}

/** One rendering of a value; null where there is nothing to render, so that the value itself can be shared. */
type Render = ((rendering: Rendering) => unknown) | null;

/** A JSON value whose texts are parsed templates. */
export interface CompiledTree {
  /** What its templates read. */
  references: readonly ReferenceAt[];
  /** The content blocks that its texts include, which `linkBlocks` finds. */
  blocks: readonly BlockUse[];
  /** What its templates read of item catalogs, each with the path of its template. */
  catalogs: readonly CatalogUseAt[];
  /** Whether any of its templates makes calls. */
  fetches: boolean;
  /** The value with all its texts rendered for one person, within one budget. Throws RenderStop. */
  render(context: RenderContext, budget?: Budget, blocks?: TreeBlocks): unknown;
}

export type CatalogUseAt = CatalogUse & { path: string };

/** What a template reads, with the template's path. */
export type ReferenceAt = Reference & { path: string };

interface Compiling extends TreeOptions {
  references: ReferenceAt[];
  blocks: BlockUse[];
  catalogs: CatalogUseAt[];
  /** Told of each template that makes calls. */
  onFetch(): void;
}

/** Parses every text of a JSON value as a template. Syntax errors are filed with their path. */
export function compileTree(value: unknown, options: TreeOptions): CompiledTree {
  const references: ReferenceAt[] = [];
  const blocks: BlockUse[] = [];
  const catalogs: CatalogUseAt[] = [];
  let fetches = false;
  const onFetch = () => {
    fetches = true;
  };
  const render = compile(value, options.path, { ...options, references, blocks, catalogs, onFetch });
  return {
    references,
    catalogs,
    fetches,
    blocks,
    render: (context, budget = new Budget(), given = noBlocks) =>
      render === null ? value : render({ context, budget, blocks: given }),
  };
}

function compile(value: unknown, path: string, options: Compiling, isHtml = false): Render {
  if (typeof value === 'string') return compileText(value, path, options, isHtml);
  if (Array.isArray(value)) return compileArray(value, path, options);
  if (isObject(value)) return compileObject(value, path, options);
  return null;
}

function compileText(text: string, path: string, options: Compiling, isHtml: boolean): Render {
  const { problems, references, blocks: uses, catalogs, warn } = options;
  if (!isTemplate(text)) {
    for (const stray of straysIn(text)) warn?.(`${path}: ${stray}`);
    return null;
  }
  try {
    const template = isHtml ? compileHtmlTemplate(text) : compileTemplate(text);
    for (const reference of template.references) references.push({ ...reference, path });
    for (const use of template.catalogs) catalogs.push({ ...use, path });
    if (template.fetches) options.onFetch();
    for (const slip of template.slips) warn?.(`${path}: ${slip}`);
    for (const [name, line] of template.blocks) uses.push({ name, path, line, isHtml });
    return ({ context, budget, blocks }) =>
      renderingText(path, () =>
        isHtml ? template.render(context, budget, blocks.html) : template.render(inPlain(context), budget, blocks.text),
      );
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    problems.add('template', path, `not a valid template: ${error.message}`);
    return null;
  }
}

/** The context of texts that are no HTML: their footer has no tags, and nothing is escaped. */
function inPlain(context: RenderContext): RenderContext {
  const { plainFooter, escapesHtml } = context;
  if (plainFooter === undefined && escapesHtml !== true) return context;
  return { ...context, ...(plainFooter !== undefined && { footer: plainFooter }), escapesHtml: false };
}

function compileArray(items: unknown[], path: string, options: Compiling): Render {
  const renders = items.map((item, index) => compile(item, elementPath(path, index), options));
  if (renders.every((render) => render === null)) return null;
  return (rendering) => items.map((item, index) => renders[index]?.(rendering) ?? item);
}

function compileObject(object: object, path: string, options: Compiling): Render {
  const isRoot = path === options.path;
  const live: [string, NonNullable<Render>][] = [];
  for (const [key, value] of Object.entries(object)) {
    if (isRoot && options.never.has(key)) continue;
    const render = compile(value, memberPath(path, key), options, isRoot && options.html?.has(key));
    if (render !== null) live.push([key, render]);
  }
  if (live.length === 0) return null;
  return (rendering) => {
    const copy = { ...object };
    // defineProperty, since a member may be named __proto__
    for (const [key, render] of live) {
      Object.defineProperty(copy, key, {
        value: render(rendering),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return copy;
  };
}
