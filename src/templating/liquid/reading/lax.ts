import { Markup } from './markup.ts';
import type { Written } from './strict.ts';

/**
 * An output that does not follow the grammar, read as Shopify's Liquid reads it by default: the first fragment is the
 * expression, and after the first bar every part with a word in it is a filter.
 */
export function readLaxly(text: string): Written {
  const markup = new Markup(text);
  const start = markup.nextFragment(0);
  if (start === markup.length) return { expression: null, filters: [] };
  const end = markup.fragmentEnd(start);
  const bar = text.indexOf('|', end);
  return { expression: markup.slice(start, end), filters: bar === -1 ? [] : filtersAfter(markup, bar + 1) };
}

function filtersAfter(markup: Markup, from: number): Written['filters'] {
  return partsAfter(markup, from).flatMap((part) => filterOf(new Markup(part)));
}

/** Runs of fragments, blanks and commas. Bars, and quotes that are not closed, stand between them. */
function partsAfter(markup: Markup, from: number): string[] {
  const parts: string[] = [];
  for (let at = from; at < markup.length; at += 1) {
    const end = partEnd(markup, at);
    if (end > at) parts.push(markup.slice(at, end));
    at = Math.max(at, end);
  }
  return parts;
}

function partEnd(markup: Markup, from: number): number {
  let at = from;
  while (at < markup.length) {
    const end = Math.max(markup.skipSpace(at), markup.fragmentEnd(at));
    if (end > at) at = end;
    else if (markup.text[at] === ',') at += 1;
    else return at;
  }
  return at;
}

function filterOf(part: Markup): Written['filters'] {
  let at = 0;
  while (at < part.length && part.wordEnd(at) === at) at += 1;
  return at === part.length ? [] : [{ name: part.slice(at, part.wordEnd(at)), args: argumentsOf(part) }];
}

/** What stands after each colon or comma: a fragment, with `key:` before it or not. */
function argumentsOf(part: Markup): string[] {
  const args: string[] = [];
  for (let at = 0; at < part.length; at += 1) {
    const character = part.text[at];
    if (character !== ':' && character !== ',') continue;
    const start = part.skipSpace(at + 1);
    const end = keyedEnd(part, start) ?? part.fragmentEnd(start);
    if (end === start) continue;
    args.push(part.slice(start, end));
    at = end - 1;
  }
  return args;
}

/** The end of `key: fragment`; null where no key stands here. */
function keyedEnd(part: Markup, start: number): number | null {
  const word = part.wordEnd(start);
  const colon = part.skipSpace(word);
  if (word === start || part.text[colon] !== ':') return null;
  const value = part.skipSpace(colon + 1);
  const end = part.fragmentEnd(value);
  return end > value ? end : null;
}

/** `key: fragment` and nothing else; null for an argument without a key. */
export function splitKey(argument: string): { key: string; value: string } | null {
  const markup = new Markup(argument);
  const match = /^\w[\w-]*/.exec(argument);
  if (match === null) return null;
  const colon = markup.skipSpace(match[0].length);
  if (markup.text[colon] !== ':') return null;
  const value = markup.skipSpace(colon + 1);
  return value < markup.length && markup.runEnd(value) === markup.length
    ? { key: match[0], value: markup.slice(value) }
    : null;
}
