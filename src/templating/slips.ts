import { didYouMean, nearest } from '../lib/raw/did-you-mean.ts';
import { BLOCK_SPACE } from './dialect.ts';
import type { Token } from './liquid/reading/token.ts';
import type { Reference } from './reading/passage.ts';
import { isPlainName, isSpaceName, plainNames } from './resolve.ts';

const MOST = 10;
/** An output that begins with a bare name: `{{first_name}}`, `{{custom_attribute.plan}}`. */
const bare = /^\s*([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?\s*(?:\||$)/;
/** Whatever gives a bare name a value. */
const given = /\b(?:assign|capture|for|tablerow|increment|decrement)\s+["']?([\w-]+)/g;

/**
 * The names in a template that render to nothing and were probably meant otherwise, each with the name that was meant:
 * those without their braces, and those misspelt. At most ten. Takes time that grows with the length of the template.
 */
export function slipsIn(source: string, tokens: readonly Token[], references: readonly Reference[]): string[] {
  const found = new Set<string>();
  for (const token of tokens) {
    const slip = token.kind === 'output' && found.size < MOST ? bareSlip(token.markup, source) : null;
    if (slip !== null) found.add(slip);
  }
  for (const reference of references) {
    const slip = found.size < MOST ? misspelt(reference) : null;
    if (slip !== null) found.add(slip);
  }
  return [...found];
}

function bareSlip(markup: string, source: string): string | null {
  const [, first = '', second] = bare.exec(markup) ?? [];
  const isMeant = second === undefined ? isPlainName(first) : isSpaceName(first) || first === BLOCK_SPACE;
  if (!isMeant || isGivenIn(source, first)) return null;
  const [written, meant] =
    second === undefined ? [first, `\${${first}}`] : [`${first}.${second}`, `${first}.\${${second}}`];
  return `{{${written}}} renders to nothing; did you mean {{${meant}}}?`;
}

function isGivenIn(source: string, name: string): boolean {
  for (const [, known] of source.matchAll(given)) if (known === name) return true;
  return false;
}

function misspelt({ space, name }: Reference): string | null {
  if (space !== null || isPlainName(name)) return null;
  const meant = nearest(name, plainNames);
  return meant === null ? null : `{{\${${name}}}} renders to nothing${didYouMean(`{{\${${meant}}}}`)}`;
}
