import { describe, elementPath, isObject, memberPath, own, type RawObject } from '../../../lib/raw/json.ts';
import { isEmpty, isGiven, readFlag } from '../../../lib/raw/lenient.ts';
import { ObjectProblem, type Problems } from '../../../lib/raw/problems.ts';
import { WatchedReader } from '../../../lib/raw/watched-reader.ts';
import { readEmailAddress } from '../../../people/profile/contact.ts';
import { maxAliasBytes } from '../../../people/profile/identifiers.ts';
import { readPrioritization } from '../../../people/profile/prioritization.ts';
import { profileFields } from '../../../people/profile/profile-fields.ts';
import type { RecipientName } from '../../plan/send-plan.ts';
import { type Body, isIdText, isShort } from '../request.ts';
import { readProperties } from './properties.ts';

/** One person whom a trigger names. */
export interface TriggerRecipient {
  /** Such as `recipients[0]`. */
  path: string;
  name: RecipientName;
  /** The person's own properties. null: there are none. */
  properties: RawObject | null;
  /** Attributes to store before the send. null: there are none. */
  attributes: RawObject | null;
  /** Whether the attributes make no new person. */
  existingOnly: boolean;
}

/** The members that a trigger may name a person by, and those that hold a person's properties. */
export interface RecipientForm {
  identifiers: readonly Identifier[];
  /** The later ones win, key by key. */
  properties: readonly string[];
  /** True: attributes make a new person where there is none, and `send_to_existing_only` is not known. */
  alwaysCreates?: true;
}

const identifiers = ['external_user_id', 'user_alias', 'braze_id', 'email'] as const;
export type Identifier = (typeof identifiers)[number];
const primary: readonly Identifier[] = ['external_user_id', 'user_alias', 'braze_id'];
export const allIdentifiers: readonly Identifier[] = identifiers;

/** Reads the recipients. One object counts as a list of one. Files its problems under stage `type`. */
export function readRecipients(body: Body, key: string, form: RecipientForm): TriggerRecipient[] {
  const value = body.get(key);
  if (isEmpty(value)) return [];
  const list: unknown = isObject(value) ? [value] : value;
  if (!Array.isArray(list)) {
    body.refuse(key, `expected an array of objects, got ${describe(value)}`);
    return [];
  }
  return list.flatMap((raw: unknown, index) => {
    const path = list === value ? elementPath(key, index) : key;
    if (isObject(raw)) return readRecipient(raw, path, form, body.problems) ?? [];
    body.problems.add('type', path, `expected an object, got ${describe(raw)}`);
    return [];
  });
}

/** Names the object in which an unknown member of a recipient probably belongs. */
class RecipientReader extends WatchedReader {
  readonly #form: RecipientForm;

  constructor(raw: RawObject, path: string, problems: Problems, form: RecipientForm) {
    super(raw, path, problems);
    this.#form = form;
  }

  protected override meantBy(key: string, known: readonly string[]): string | null {
    const near = super.meantBy(key, known);
    if (near !== null) return near;
    const within = profileFields.has(key) ? 'attributes' : this.#form.properties.at(-1);
    return within === undefined ? null : memberPath(within, key);
  }
}

/** Reads one person. null: they are not named, and the problems are filed. */
export function readRecipient(
  raw: RawObject,
  path: string,
  form: RecipientForm,
  problems: Problems,
): TriggerRecipient | null {
  const reader = new RecipientReader(raw, path, problems, form);
  reader.ignore(['prioritization']);
  const name = readName(reader, raw, form.identifiers);
  const properties = readProperties(reader, form.properties);
  const attributes = reader.rawObject('attributes');
  const given = isEmpty(attributes) ? null : (attributes ?? null);
  const existingOnly = form.alwaysCreates ? given === null : readExistingOnly(reader, name, given);
  return name && { path, name, properties, attributes: given, existingOnly };
}

function readExistingOnly(reader: WatchedReader, name: RecipientName | null, attributes: RawObject | null): boolean {
  const key = 'send_to_existing_only';
  const existingOnly = reader.scalar(key, readFlag) ?? true;
  if (existingOnly || name === null) return true;
  if (name.by === 'braze_id' || name.label !== '') {
    reader.refuse(key, `false is not for ${name.by === 'braze_id' ? 'braze ids' : 'aliases'}, which make nobody`);
  } else if (attributes === null) {
    reader.refuse(key, 'false needs attributes, of which the new person is made');
  }
  return false;
}

/** An email address beside another identifier names nobody, as in /users/track. Source: decision 73. */
function readName(reader: WatchedReader, raw: RawObject, allowed: readonly Identifier[]): RecipientName | null {
  const given = allowed.filter((key) => !isEmpty(reader.get(key)));
  const ids = given.filter((key) => primary.includes(key));
  const [first, ...others] = ids.length === 1 ? ids : given;
  if (first === undefined || others.length > 0) {
    const got = first === undefined ? 'none' : [first, ...others].join(', ');
    const hint = first === undefined && isGiven(own(raw, 'external_id')) ? '; did you mean external_user_id?' : '';
    reader.problems.add('type', reader.path, `expected exactly one of ${allowed.join(', ')}, got ${got}${hint}`);
    return null;
  }
  for (const ignored of given.filter((key) => key !== first))
    reader.problems.warn(() => `${reader.at(ignored)}: is ignored; ${first} says who it is`);
  return readers[first](reader, raw);
}

const readers: Readonly<Record<Identifier, (reader: WatchedReader, raw: RawObject) => RecipientName | null>> = {
  external_user_id(reader) {
    const value = reader.get('external_user_id');
    if (isIdText(value)) return { label: '', name: String(value) };
    reader.refuse('external_user_id', `expected a non-empty text, got ${describe(value)}`);
    return null;
  },
  user_alias(reader) {
    const alias = reader.rawObject('user_alias');
    if (alias === undefined) return null;
    const [name, label] = [own(alias, 'alias_name'), own(alias, 'alias_label')];
    const isNamed = isIdText(name) && typeof label === 'string' && label.trim() !== '';
    if (isNamed && isShort(String(name)) && isShort(label)) return { label, name: String(name) };
    const expected = `expected alias_name and alias_label, each a non-empty text of at most ${maxAliasBytes} bytes`;
    reader.refuse('user_alias', expected);
    return null;
  },
  braze_id(reader) {
    const value = reader.get('braze_id');
    if (typeof value === 'string') return { label: '', name: value, by: 'braze_id' };
    reader.refuse('braze_id', `expected a text, got ${describe(value)}`);
    return null;
  },
  email(reader, raw) {
    const value = reader.get('email');
    const address = typeof value === 'string' ? readEmailAddress(value) : null;
    if (address === null) {
      reader.refuse('email', 'expected a valid email address');
      return null;
    }
    try {
      return { label: '', name: address, by: 'email', prioritization: readPrioritization(raw, reader.path) };
    } catch (error) {
      if (!(error instanceof ObjectProblem)) throw error;
      const at = reader.at('prioritization');
      reader.refuse(
        'prioritization',
        error.message.startsWith(`${at}: `) ? error.message.slice(at.length + 2) : error.message,
      );
      return null;
    }
  },
};
