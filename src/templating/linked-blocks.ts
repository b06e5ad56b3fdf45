import type { Sink } from '../lib/raw/problems.ts';
import { MAX_INCLUDED_DEPTH } from './liquid/frame.ts';
import { compileHtmlTemplate, compileTemplate, type Template, TemplateSyntaxError } from './template.ts';
import type { BlockUse, CatalogUseAt, ReferenceAt, TreeBlocks } from './tree.ts';

/** A stored content block. */
export interface BlockSource {
  text: string;
  /** A draft is not to be sent. */
  isDraft: boolean;
}

/** The content blocks of one message, parsed. */
export interface LinkedBlocks extends TreeBlocks {
  /** What they read, each with the path of the text that includes it. */
  references: readonly ReferenceAt[];
  /** What they read of item catalogs, each with the path of the text that includes it. */
  catalogs: readonly CatalogUseAt[];
  /** Whether any of them makes calls. */
  fetches: boolean;
  /** Names of all that are rendered, those within others too. */
  names: ReadonlySet<string>;
}

interface Linking {
  sources: ReadonlyMap<string, BlockSource>;
  problems: Sink;
  warn(text: string): void;
  html: Map<string, Template>;
  text: Map<string, Template>;
  references: ReferenceAt[];
  catalogs: CatalogUseAt[];
  /** What was looked at: `html 2 name`. */
  seen: Set<string>;
}

/**
 * Parses the content blocks that texts include, and those within them. Files an unknown block, a draft, and one that
 * cannot be read, under the path of the text that includes it. Warns of those that are nested too deep to be rendered.
 */
export function linkBlocks(
  uses: readonly BlockUse[],
  sources: ReadonlyMap<string, BlockSource>,
  { problems, warn = () => undefined }: { problems: Sink; warn?: (text: string) => void },
): LinkedBlocks {
  const linking: Linking = {
    ...{ sources, problems, warn, references: [], catalogs: [], seen: new Set() },
    ...{ html: new Map(), text: new Map() },
  };
  for (const use of uses) link(use, use.name, 1, linking);
  const { html, text, references, catalogs } = linking;
  const fetches = [...html.values(), ...text.values()].some((one) => one.fetches);
  return { html, text, references, catalogs, fetches, names: new Set([...html.keys(), ...text.keys()]) };
}

/** `name`: the block itself, or one that is `depth` blocks deep in what the text includes. */
function link(use: BlockUse, name: string, depth: number, linking: Linking): void {
  const { seen, sources, problems, warn } = linking;
  const key = `${use.isHtml ? 'html' : 'text'} ${depth} ${name}`;
  if (seen.has(key)) return;
  seen.add(key);
  if (depth > MAX_INCLUDED_DEPTH) {
    warn(`${use.path}: content block ${name} is nested more than ${MAX_INCLUDED_DEPTH} deep and renders to nothing`);
    return;
  }
  const source = sources.get(name);
  if (source === undefined || source.isDraft) {
    const fault = source === undefined ? `unknown content block ${name}` : `content block ${name} is a draft`;
    problems.add('template', use.path, `not a valid template: ${fault}, line ${use.line}`);
    return;
  }
  const template = parse(use, name, source, linking);
  for (const inner of template?.blocks.keys() ?? []) link(use, inner, depth + 1, linking);
}

/** null: it cannot be read. Once parsed, a block serves all texts of its kind. */
function parse(use: BlockUse, name: string, { text }: BlockSource, linking: Linking): Template | null {
  const parsed = use.isHtml ? linking.html : linking.text;
  const known = parsed.get(name);
  if (known !== undefined) return known;
  try {
    const template = use.isHtml ? compileHtmlTemplate(text) : compileTemplate(text);
    parsed.set(name, template);
    for (const reference of template.references) linking.references.push({ ...reference, path: use.path });
    for (const read of template.catalogs) linking.catalogs.push({ ...read, path: use.path });
    for (const slip of template.slips) linking.warn(`${use.path}: content block ${name}: ${slip}`);
    return template;
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    const reason = `content block ${name}: ${error.message}`;
    linking.problems.add('template', use.path, `not a valid template: ${reason}`);
    return null;
  }
}
