import { type Fields, isTemplate } from '../../fields.ts';
import { isWebUrl } from '../content.ts';

/** A required text that is not blank. A text without templates has at most `most` characters. */
export function requiredText(fields: Fields, key: string, most = Number.POSITIVE_INFINITY): string {
  const text = optionalText(fields, key, most);
  if (text === undefined || text.trim() === '') fields.require(key);
  return text ?? '';
}

export function optionalText(fields: Fields, key: string, most: number): string | undefined {
  const text = fields.text(key);
  if (text !== undefined && !isTemplate(text) && [...text].length > most) {
    fields.problems.add('size', fields.at(key), `expected at most ${most} characters`);
  }
  return text;
}

export function webUrl(fields: Fields, key: string): string | undefined {
  const text = fields.text(key);
  if (text === undefined || isTemplate(text)) return text;
  if (!isWebUrl(text)) fields.problems.add('range', fields.at(key), 'expected an http or https URL');
  return text;
}

/** Refuses equal titles, which Meta cannot tell apart. Templates are compared when they are rendered. */
export function differ(fields: Fields, key: string, titles: readonly string[]): void {
  const known = titles.filter((title) => !isTemplate(title) && title.trim() !== '');
  if (new Set(known).size < known.length) fields.refuse(key, 'expected different titles', 'cross');
}

/** Refuses a list with too few or too many elements. */
export function count(
  fields: Fields,
  key: string,
  found: number,
  { least, most }: { least: number; most: number },
): void {
  if (found < least || found > most) fields.refuse(key, `expected ${least} to ${most}, got ${found}`, 'range');
}
