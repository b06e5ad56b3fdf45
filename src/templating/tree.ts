import { elementPath, isObject, memberPath } from '../lib/raw/json.ts';
import type { Sink } from '../lib/raw/problems.ts';
import type { CatalogUse } from './catalog-tags.ts';
import type { Reference } from './dialect.ts';
import type { RenderContext } from './facts.ts';
import { Budget } from './liquid/budget.ts';
import { withoutComments } from './reading/html-comments.ts';
import { compileTemplate, isTemplate, TemplateSyntaxError } from './template.ts';

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

/** One rendering of a value; null where there is nothing to render, so that the value itself can be shared. */
type Render = ((context: RenderContext, budget: Budget) => unknown) | null;

/** A JSON value whose texts are parsed templates. */
export interface CompiledTree {
  /** What its templates read. */
  references: readonly Reference[];
  /** What its templates read of item catalogs, each with the path of its template. */
  catalogs: readonly CatalogUseAt[];
  /** The value with all its texts rendered for one person, within one budget. Throws RenderStop. */
  render(context: RenderContext): unknown;
}

export type CatalogUseAt = CatalogUse & { path: string };

interface Compiling extends TreeOptions {
  references: Reference[];
  catalogs: CatalogUseAt[];
}

/** Parses every text of a JSON value as a template. Syntax errors are filed with their path. */
export function compileTree(value: unknown, options: TreeOptions): CompiledTree {
  const references: Reference[] = [];
  const catalogs: CatalogUseAt[] = [];
  const render = compile(value, options.path, { ...options, references, catalogs });
  return { references, catalogs, render: render === null ? () => value : (context) => render(context, new Budget()) };
}

function compile(value: unknown, path: string, options: Compiling, isHtml = false): Render {
  if (typeof value === 'string') return compileText(value, path, options, isHtml);
  if (Array.isArray(value)) return compileArray(value, path, options);
  if (isObject(value)) return compileObject(value, path, options);
  return null;
}

function compileText(text: string, path: string, options: Compiling, isHtml: boolean): Render {
  const { problems, references, catalogs, warn } = options;
  if (!isTemplate(text)) return null;
  try {
    const template = compileTemplate(isHtml ? withoutComments(text) : text);
    for (const reference of template.references) references.push(reference);
    for (const use of template.catalogs) catalogs.push({ ...use, path });
    for (const slip of template.slips) warn?.(`${path}: ${slip}`);
    return (context, budget) => template.render(context, budget);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    problems.add('template', path, `not a valid template: ${error.message}`);
    return null;
  }
}

function compileArray(items: unknown[], path: string, options: Compiling): Render {
  const renders = items.map((item, index) => compile(item, elementPath(path, index), options));
  if (renders.every((render) => render === null)) return null;
  return (context, budget) => items.map((item, index) => renders[index]?.(context, budget) ?? item);
}

function compileObject(object: object, path: string, options: Compiling): Render {
  const isRoot = path === options.path;
  const live = Object.entries(object).flatMap(([key, value]): [string, NonNullable<Render>][] => {
    if (isRoot && options.never.has(key)) return [];
    const render = compile(value, memberPath(path, key), options, isRoot && options.html?.has(key));
    return render === null ? [] : [[key, render]];
  });
  if (live.length === 0) return null;
  return (context, budget) => {
    const copy = { ...object };
    // defineProperty, since a member may be named __proto__
    for (const [key, render] of live) {
      Object.defineProperty(copy, key, {
        value: render(context, budget),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return copy;
  };
}
