import { didYouMean, nearest } from '../lib/raw/did-you-mean.ts';
import { BLOCK_SPACE } from './dialect.ts';
import type { Token } from './liquid/reading/token.ts';
import type { Reference } from './reading/passage.ts';
import { isPlainName, isSpaceName, plainNames } from './resolve.ts';

const MOST = 10;
/** An output that begins with a bare name: `{{first_name}}`, `{{custom_attribute.plan}}`. */
const bare = /^\s*([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?\s*(?:\||$)/;
/** A name with its own braces only, in a text. */
const outside = /\$\{([a-z_]{1,60})\}/g;
const none: readonly string[] = [];
/** Whatever gives a bare name a value. */
const given = /\b(?:assign|capture|for|tablerow|increment|decrement)\s+["']?([\w-]+)/g;

/**
 * The names in a template that render to nothing, with the name that was probably meant: those without their braces, and
 * those that nobody knows. Also names that stand outside of braces. At most ten. Takes time that grows with the length of the template.
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
  for (const token of tokens) {
    if (token.kind !== 'text') continue;
    for (const stray of straysIn(token.text)) if (found.size < MOST) found.add(stray);
  }
  return [...found];
}

/** Names outside of two braces, which people get as they are written: `${first_name}`. At most ten. */
export function straysIn(text: string): readonly string[] {
  if (!text.includes('${')) return none;
  const found = new Set<string>();
  for (const [written, name = ''] of text.matchAll(outside)) {
    if (found.size < MOST && isPlainName(name)) {
      found.add(`${written} is no template and goes out as it is${didYouMean(`{{\${${name}}}}`)}`);
    }
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
  return meant === null
    ? `{{\${${name}}}} is not known and renders to nothing`
    : `{{\${${name}}}} renders to nothing${didYouMean(`{{\${${meant}}}}`)}`;
}
