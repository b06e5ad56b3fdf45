import type { StoredTemplate } from '../../../channels/stored-template.ts';
import type { TemplateInput } from '../../../content/email-templates.ts';
import { ContentRefused } from '../../../content/refused.ts';
import { describe, type RawObject } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { isStorable } from '../../../lib/raw/storable.ts';
import { given, readTags, requireOne } from './shared-request.ts';

const MOST_NAME_BYTES = 1_024;
const MOST_LINE_BYTES = 10 * 1_024;
const MOST_BODY_BYTES = 400 * 1_024;

/** Reads the body of /templates/email/create. Throws ContentRefused and RequestError. */
export function readNewTemplate(body: RawObject): { name: string; tags: string[]; texts: StoredTemplate } {
  const { name, tags = [], texts } = readInput(body);
  if (name === undefined) throw noName(undefined);
  const { subject, body: html } = texts;
  if (subject === undefined) throw new ObjectProblem('subject: is required');
  if (html === undefined) throw new ObjectProblem('body: is required');
  return { name, tags, texts: { ...texts, subject, body: html } };
}

const members = ['template_name', 'subject', 'body', 'plaintext_body', 'preheader', 'tags', 'should_inline_css'];

/** Reads the body of /templates/email/update. Throws ContentRefused and RequestError. */
export function readTemplateChange(body: RawObject): { id: string; change: TemplateInput } {
  const id = requireId(given(body, 'email_template_id'));
  const change = readInput(body);
  const { texts, ...others } = change;
  requireOne({ ...others, texts: Object.keys(texts).length > 0 ? texts : undefined }, members);
  return { id, change };
}

export function requireId(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new ObjectProblem(`email_template_id: expected a text, got ${describe(value)}`);
}

function readInput(body: RawObject): TemplateInput & { tags?: string[] | undefined } {
  return { name: readName(given(body, 'template_name')), tags: readTags(body), texts: readTexts(body) };
}

function readName(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.trim() === '') throw noName(value);
  if (!isStorable(value)) throw new ObjectProblem('template_name: expected Unicode text without NUL');
  refuseLonger('template_name', value, MOST_NAME_BYTES);
  return value;
}

function noName(value: unknown): ContentRefused {
  return new ContentRefused('Template name is required', [`template_name: expected a text, got ${describe(value)}`]);
}

/** The members that are given. One that may be absent, and is given as an empty text, is `undefined`: an update drops it. */
function readTexts(body: RawObject): Partial<StoredTemplate> {
  const texts: Partial<StoredTemplate> = {};
  const put = <K extends keyof StoredTemplate>(key: K, value: StoredTemplate[K] | undefined) => {
    if (given(body, key) !== undefined) texts[key] = value as StoredTemplate[K];
  };
  put('subject', readText(body, 'subject', MOST_LINE_BYTES));
  put('body', readText(body, 'body', MOST_BODY_BYTES));
  put('preheader', readText(body, 'preheader', MOST_LINE_BYTES));
  put('plaintext_body', readText(body, 'plaintext_body', MOST_BODY_BYTES));
  put('should_inline_css', readInlining(given(body, 'should_inline_css')));
  const { subject } = texts;
  if (subject !== undefined && /[\r\n\0]/.test(subject))
    throw new ObjectProblem('subject: must not hold line breaks or NUL');
  return texts;
}

function readText(body: RawObject, key: keyof StoredTemplate, mostBytes: number): string | undefined {
  const value = given(body, key);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new ObjectProblem(`${key}: expected a text, got ${describe(value)}`);
  refuseLonger(key, value, mostBytes);
  if (value !== '') return value;
  if (key === 'subject' || key === 'body') throw new ObjectProblem(`${key}: expected a text that is not empty`);
  return undefined;
}

function refuseLonger(key: string, text: string, mostBytes: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes) throw new ObjectProblem(`${key}: expected at most ${mostBytes} bytes, got ${bytes}`);
}

/** The text of a boolean is refused here, as by the original. */
function readInlining(value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  const sentence = 'Invalid value for `should_inline_css`. One of `true` or `false` was expected';
  throw new ContentRefused(sentence, [`should_inline_css: expected a boolean, got ${describe(value)}`]);
}
