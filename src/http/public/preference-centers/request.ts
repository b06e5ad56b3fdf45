import { RequestError } from '../../../errors.ts';
import { describe, elementPath, isObject, memberPath, own, type RawObject } from '../../../lib/raw/json.ts';
import { isEmpty, isGiven } from '../../../lib/raw/lenient.ts';
import { Problems, type Sink } from '../../../lib/raw/problems.ts';
import { isStorable } from '../../../lib/raw/storable.ts';
import { compileTemplate, TemplateSyntaxError } from '../../../templating/template.ts';
import type { CenterOptions, CenterTexts, LinkTag } from '../../../workspace/preference-centers.ts';
import { templateOf } from '../../pages/preference-center-html.ts';

const LONGEST_HTML_BYTES = 409_600;
const LONGEST_TEXT = 255;
const LONGEST_URL = 2_048;
const MOST_LINKS = 20;
const USUAL_TITLE = 'Preference Center';

export const linkRels = ['icon', 'shortcut icon', 'apple-touch-icon'] as const;
export const linkTypes = [
  ...['image/png', 'image/svg', 'image/gif', 'image/x-icon', 'image/svg+xml', 'mask-icon'],
] as const;

/** Reads the name of a new preference center. Throws RequestError. Source: more-endpoints.md §8. */
export function readCenterName(body: RawObject): string {
  const name = own(body, 'name');
  if (typeof name === 'string' && /^[A-Za-z0-9_-]{1,255}$/.test(name)) return name;
  throw new RequestError('bad_request', ['name: expected 1 to 255 letters, digits, - and _']);
}

/** Reads all but the name. Throws RequestError with every problem. */
export function readCenterTexts(body: RawObject): CenterTexts {
  const problems = new Problems();
  const texts = {
    title: readText(body, 'preference_center_title', problems) ?? USUAL_TITLE,
    pageHtml: readHtml(body, 'preference_center_page_html', problems),
    confirmationHtml: readHtml(body, 'confirmation_page_html', problems),
    options: readOptions(body, problems),
    state: readState(body, problems),
  };
  problems.throwIfAny();
  return texts;
}

function readText(from: RawObject, member: string, problems: Sink, path = member, most = LONGEST_TEXT): string | null {
  const value = own(from, member);
  if (!isGiven(value) || value === '') return null;
  if (typeof value === 'string' && value.length <= most && isStorable(value)) return value;
  problems.add('type', path, `expected a text of at most ${most} characters, got ${describe(value)}`);
  return null;
}

function readHtml(body: RawObject, member: string, problems: Sink): string {
  const value = own(body, member);
  if (typeof value !== 'string' || value.trim() === '' || !isStorable(value)) {
    problems.add('required', member, `expected HTML, got ${describe(value)}`);
    return '';
  }
  if (Buffer.byteLength(value) > LONGEST_HTML_BYTES)
    problems.add('range', member, `expected at most ${LONGEST_HTML_BYTES} bytes`);
  else if (compileProblem(value) !== null) problems.add('type', member, compileProblem(value) ?? '');
  return value;
}

/** What is wrong with the Liquid of a page. null: nothing. */
function compileProblem(html: string): string | null {
  try {
    compileTemplate(templateOf(html));
    return null;
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return error.message;
    throw error;
  }
}

function readState(body: RawObject, problems: Sink): CenterTexts['state'] {
  const value = own(body, 'state');
  if (!isGiven(value) || value === '' || value === 'active') return 'active';
  if (value === 'draft') return 'draft';
  problems.add('type', 'state', `expected active or draft, got ${describe(value)}`);
  return 'active';
}

function readOptions(body: RawObject, problems: Sink): CenterOptions {
  const options = own(body, 'options');
  if (isEmpty(options)) return {};
  if (!isObject(options)) {
    problems.add('type', 'options', `expected an object, got ${describe(options)}`);
    return {};
  }
  const viewport = readText(options, 'meta-viewport-content', problems, 'options.meta-viewport-content');
  // The original writes the name in two ways.
  const links = ['links-tags', 'link-tags'].flatMap((member) =>
    readLinks(own(options, member), `options.${member}`, problems),
  );
  return {
    ...(viewport !== null && { 'meta-viewport-content': viewport }),
    ...(links.length > 0 && { 'links-tags': links }),
  };
}

function readLinks(value: unknown, path: string, problems: Sink): LinkTag[] {
  if (isEmpty(value)) return [];
  if (!Array.isArray(value) || value.length > MOST_LINKS) {
    problems.add('type', path, `expected an array of at most ${MOST_LINKS} objects`);
    return [];
  }
  return value.flatMap((one: unknown, index) => readLink(one, elementPath(path, index), problems));
}

function readLink(value: unknown, path: string, problems: Sink): LinkTag[] {
  if (!isObject(value)) {
    problems.add('type', path, `expected an object, got ${describe(value)}`);
    return [];
  }
  const among = (member: 'rel' | 'type', words: readonly string[], isNeeded: boolean) => {
    const given = own(value, member);
    if (!isNeeded && (!isGiven(given) || given === '')) return null;
    if (typeof given === 'string' && words.includes(given)) return given;
    problems.add('type', memberPath(path, member), `expected one of ${words.join(', ')}, got ${describe(given)}`);
    return null;
  };
  const rel = among('rel', linkRels, true);
  const type = among('type', linkTypes, false);
  const text = (member: string) => readText(value, member, problems, memberPath(path, member));
  const [sizes, color] = [text('sizes'), text('color')];
  const href = readText(value, 'href', problems, memberPath(path, 'href'), LONGEST_URL);
  if (href === null || !URL.canParse(href) || new URL(href).protocol !== 'https:') {
    problems.add('type', memberPath(path, 'href'), 'expected a URL that begins with https://');
    return [];
  }
  return [
    {
      rel: rel ?? 'icon',
      href,
      ...(type !== null && { type }),
      ...(sizes !== null && { sizes }),
      ...(color !== null && { color }),
    },
  ];
}
