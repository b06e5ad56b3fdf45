import { hostOf } from '../hosts.ts';
import { LiquidError, TemplateSyntaxError } from '../liquid/errors.ts';
import type { Frame } from '../liquid/frame.ts';
import type { Parser, TagParser } from '../liquid/reading/parser.ts';
import { isHash } from '../liquid/values/values.ts';
import { type HeadersOf, readHeaders } from './headers.ts';
import { literalOf, type OptionName, type Parts, readSections, textOf } from './parts.ts';
import { type ContentAnswer, ContentHost, type ContentRequest } from './reader.ts';

/** How long an answer is used again, in seconds. Source: personalization.md §8. */
const USUAL_SECONDS = 300;
const LONGEST_SECONDS = 14_400;
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;
/** The variable of JSON that is not saved under a name. */
const USUAL_NAME = 'connected';

/** A tag whose options are read. */
interface Call {
  url: Parts;
  method: 'GET' | 'POST';
  headers: HeadersOf;
  /** null: the request has no body. */
  body: Parts | null;
  contentType: Parts | null;
  credential: Parts | null;
  /** null: JSON goes to `connected`, and a text into the output. */
  save: string | null;
  shareSeconds: number;
  isRetried: boolean;
  isLiteral: boolean;
}

/** `{% connected_content <url> … %}`. `onUse` is told that the template has such a tag. Source: personalization.md §8. */
export function connectedContent(onUse: () => void): TagParser {
  return ({ markup }, parser) => {
    const call = readCall(markup, parser);
    onUse();
    let everybodys: ContentRequest | null = null;
    const requestFor = (frame: Frame) => {
      if (!call.isLiteral) return requestOf(call, frame);
      everybodys ??= requestOf(call, frame);
      return everybodys;
    };
    return {
      // Its text is seen like an output's, so a block around it is never silent.
      isSilent: false,
      render(frame) {
        const host = hostOf(frame.host, ContentHost);
        if (host === null) throw new LiquidError('connected content cannot be fetched here');
        give(frame, call, host.reader.answerTo(requestFor(frame)));
      },
    };
  };
}

function readCall(markup: string, parser: Parser): Call {
  const { url, options } = readSections(markup, parser);
  if (url.length === 0) throw fault('expected a URL');
  const method = wordOf(options, 'method', /^(get|post)$/i, 'get or post')?.toUpperCase() === 'POST' ? 'POST' : 'GET';
  const age = wordOf(options, 'cache_max_age', /^\d{1,9}$/, 'a number of seconds');
  const credential = options.get('basic_auth') ?? null;
  if (credential?.length === 0) throw fault('basic_auth: expected the name of a credential');
  return {
    url,
    method,
    headers: options.has('headers') ? readHeaders(options.get('headers') ?? []) : () => ({}),
    body: method === 'POST' ? (options.get('body') ?? []) : null,
    contentType: options.get('content_type') ?? null,
    credential,
    save: wordOf(options, 'save', /^[A-Za-z_]\w*$/, 'the name of a variable'),
    shareSeconds: shareSeconds(method, age, flagOf(options, 'no_cache')),
    isRetried: flagOf(options, 'retry'),
    isLiteral: [url, ...options.values()].every((parts) => literalOf(parts) !== null),
  };
}

/** Answers to a POST are used again only if the tag says so. */
function shareSeconds(method: 'GET' | 'POST', age: string | null, isOff: boolean): number {
  if (isOff || (method === 'POST' && age === null)) return 0;
  return Math.min(Math.max(Number(age ?? USUAL_SECONDS), USUAL_SECONDS), LONGEST_SECONDS);
}

/** null: the option is not given. */
function wordOf(
  options: ReadonlyMap<OptionName, Parts>,
  name: OptionName,
  form: RegExp,
  expected: string,
): string | null {
  const parts = options.get(name);
  if (parts === undefined) return null;
  const word = literalOf(parts)?.replace(/^(["'])(.*)\1$/s, '$2');
  if (word === undefined || !form.test(word)) throw fault(`${name}: expected ${expected}`);
  return word;
}

function flagOf(options: ReadonlyMap<OptionName, Parts>, name: 'no_cache' | 'retry'): boolean {
  const parts = options.get(name);
  if (parts !== undefined && parts.length > 0) throw fault(`${name}: expected nothing behind it`);
  return parts !== undefined;
}

function requestOf(call: Call, frame: Frame): ContentRequest {
  const { method, shareSeconds: seconds, isRetried, isLiteral } = call;
  const type = call.contentType === null ? null : textOf(call.contentType, frame);
  if (type !== null && !/^[\x20-\x7e]{1,200}$/.test(type))
    throw new LiquidError('connected_content: the content type is not one');
  const usual = {
    accept: type ?? '*/*',
    'content-type': type ?? (method === 'GET' ? 'application/json' : FORM),
  };
  return {
    method,
    url: textOf(call.url, frame).replaceAll('\u00a0', '').trim(),
    headers: { ...usual, ...call.headers(frame) },
    body: call.body === null ? null : bodyOf(textOf(call.body, frame), type),
    credential: call.credential === null ? null : textOf(call.credential, frame).trim(),
    shareSeconds: seconds,
    isRetried,
    isLiteral,
  };
}

/** A form is sent as a JSON object where the content type is JSON. */
function bodyOf(text: string, type: string | null): string {
  if (type === null || !JSON_TYPE.test(type) || /^\s*(?:[[{"]|$)/.test(text) || !text.includes('=')) return text;
  return JSON.stringify(Object.fromEntries(new URLSearchParams(text)));
}

/** Prints the answer, or gives it to a variable. What did not come is nil. */
function give(frame: Frame, { save }: Call, answer: ContentAnswer): void {
  const isGood = answer.status >= 200 && answer.status < 300;
  const json = answer.text === null ? undefined : answer.json(frame.budget);
  if (json !== undefined && (isGood || isHash(json))) {
    frame.hold(answer.text?.length ?? 0);
    frame.assign(save ?? USUAL_NAME, json);
  } else if (!isGood || answer.text === null) frame.assign(save ?? USUAL_NAME, null);
  else if (save === null) frame.write(answer.text);
  else frame.assign(save, answer.text);
}

function fault(reason: string): TemplateSyntaxError {
  return new TemplateSyntaxError(`connected_content: ${reason}`);
}
