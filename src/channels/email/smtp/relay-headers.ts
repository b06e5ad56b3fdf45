import { isObject } from '../../../lib/raw/json.ts';
import { canFold } from '../mime/header-text.ts';
import { REFERENCE_HEADER } from '../return-path.ts';
import type { RelayKind } from './relay-kind.ts';

/** What a relay's own headers carry. */
export interface ForRelay {
  extras: Readonly<Record<string, unknown>>;
  /** The caller's headers. What they say to the relay is kept. */
  headers: Readonly<Record<string, string>>;
  /** Our signed name of the send, by which its events are known. null: none. */
  reference: string | null;
}

/** The name under which a relay keeps our reference. */
export const REFERENCE = 'cresset_ref';
/** The same for Postmark, whose names have at most 20 characters, and for tags of SES. */
export const REFERENCE_TAG = 'cresset-ref';

type Header = readonly [name: string, value: string];

/**
 * The headers by which a relay gets the extras of a mail and our reference, which its events bring back. What the relay
 * would refuse is left out. Source: messaging-objects.md §6.1.
 */
export function relayHeaders(kind: RelayKind, mail: ForRelay): Header[] {
  const ours: Header[] = mail.reference === null ? [] : [[REFERENCE_HEADER, mail.reference]];
  return [...ours, ...(writers[kind]?.(mail) ?? [])];
}

const writers: Partial<Record<RelayKind, (mail: ForRelay) => Header[]>> = {
  sendgrid: (mail) =>
    jsonHeader('X-SMTPAPI', mail, ({ unique_args }, ours) => ({ unique_args: { ...objectOf(unique_args), ...ours } })),
  mailgun: (mail) => jsonHeader('X-Mailgun-Variables', mail, (_theirs, ours) => ours),
  sparkpost: (mail) =>
    jsonHeader('X-MSYS-API', mail, ({ metadata }, ours) => ({ metadata: { ...objectOf(metadata), ...ours } })),
  postmark: postmarkHeaders,
  ses: sesTags,
};

const MOST_METADATA = 10;

/** Source: Postmark, "Custom metadata": at most 10 fields, names of 20 and values of 80 characters. */
function postmarkHeaders({ extras, headers, reference }: ForRelay): Header[] {
  const theirs = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const ours = reference === null ? [] : [[REFERENCE_TAG, reference] as const];
  return [...ours, ...Object.entries(textsOf(extras))]
    .filter(([name, value]) => /^[\w-]{1,20}$/.test(name) && /^[\x21-\x7e][\x20-\x7e]{0,79}$/.test(value))
    .map(([name, value]): Header => [`X-PM-Metadata-${name}`, value])
    .filter(([name]) => !theirs.has(name.toLowerCase()))
    .slice(0, MOST_METADATA);
}

const MOST_TAGS = 50;

/** Source: Amazon SES, "Sending email using the SMTP interface": tags of letters, digits, `_` and `-`. */
function sesTags({ extras, headers, reference }: ForRelay): Header[] {
  const theirs = Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-ses-message-tags')?.[1] ?? '';
  const ours = { ...textsOf(extras), ...(reference !== null && { [REFERENCE_TAG]: reference }) };
  const tags = Object.entries(ours).filter(([name, value]) => [name, value].every((one) => /^[\w-]{1,256}$/.test(one)));
  const written = tags.slice(-MOST_TAGS).map(([name, value]) => `${name}=${value}`);
  const value = [theirs, ...written].filter((one) => one !== '').join(', ');
  return value === '' ? [] : [['X-SES-MESSAGE-TAGS', value]];
}

/** One header with JSON, merged into the caller's own header of this name if that is an object. */
function jsonHeader(
  header: string,
  { extras, headers, reference }: ForRelay,
  merge: (theirs: Readonly<Record<string, unknown>>, ours: Record<string, string>) => object,
): Header[] {
  const given = Object.entries(headers).find(([name]) => name.toLowerCase() === header.toLowerCase())?.[1];
  const theirs = given === undefined ? {} : parsed(given);
  // Not JSON: the relay shall say so.
  if (theirs === null) return [];
  const foldable = Object.entries(textsOf(extras)).filter((one) => canFold(asciiJson(Object.fromEntries([one]))));
  const ours = { ...Object.fromEntries(foldable), ...(reference !== null && { [REFERENCE]: reference }) };
  if (Object.keys(ours).length === 0) return [];
  return [[header, asciiJson({ ...theirs, ...merge(theirs, ours) })]];
}

/** JSON in ASCII with blanks between its members, where a header can be folded. */
function asciiJson(value: object): string {
  return JSON.stringify(value, null, 1)
    .replace(/\n\s*/g, ' ')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function textsOf(extras: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(extras).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}
