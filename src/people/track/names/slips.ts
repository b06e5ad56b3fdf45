import { nearest } from '../../../lib/raw/did-you-mean.ts';
import { memberPath } from '../../../lib/raw/json.ts';
import { profileFields } from '../../profile/profile-fields.ts';

/** Members of other endpoints and libraries that are often written here, and what is meant by them. */
const foreign: ReadonlyMap<string, string> = new Map([
  ['custom_attributes', 'it is stored as one attribute; custom attributes stand beside external_id'],
  ['attributes', 'it is stored as one attribute; custom attributes stand beside external_id'],
  ['push_token', 'no message goes to it; did you mean push_tokens?'],
  ['device_token', 'no message goes to it; did you mean push_tokens?'],
  ['external_user_id', 'it names nobody; did you mean external_id?'],
  ['user_id', 'it names nobody; did you mean external_id?'],
  ['email_address', 'no mail goes to it; did you mean email?'],
  ['phone_number', 'no message goes to it; did you mean phone?'],
  ['timezone', 'did you mean time_zone?'],
  ['subscription_group_id', 'did you mean subscription_groups?'],
]);

const members = [
  ...profileFields.keys(),
  ...['external_id', 'user_alias', 'braze_id', 'push_tokens', 'subscription_groups', 'push_token_import'],
  ...['_update_existing_only', '_merge_objects'],
];
/** Shorter names are near to many words. */
const LEAST_LETTERS = 5;
/** Most attributes of one object that are looked at. */
const MOST_NAMES = 50;
const MOST_REMEMBERED = 5_000;

/** The slip in a name, by the name. Few names are in use, so that nearly all are found here. */
const remembered = new Map<string, string | null>();

/** One sentence for each of these custom attributes that was probably meant to be a member, without a path. */
export function slipsAmong(names: Iterable<string>): string[] {
  const slips: string[] = [];
  let looked = 0;
  for (const name of names) {
    looked += 1;
    if (looked > MOST_NAMES) break;
    const slip = slipIn(name);
    if (slip !== null) slips.push(`${memberPath('', name)}: stored as a custom attribute; ${slip}`);
  }
  return slips;
}

function slipIn(name: string): string | null {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const slip = foreign.get(name) ?? misspelt(name);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  if (name.length <= 64) remembered.set(name, slip);
  return slip;
}

function misspelt(name: string): string | null {
  if (name.length < LEAST_LETTERS || name.length > 64) return null;
  const meant = nearest(name, members);
  return meant !== null && isNear(name, meant) ? `did you mean ${meant}?` : null;
}

/** Whether the words have the same letters in another order, or one letter more, less or other. */
function isNear(name: string, meant: string): boolean {
  const [one, other] = [name.toLowerCase(), meant.toLowerCase()];
  return lettersOf(one) === lettersOf(other) || differByOne(one, other);
}

function lettersOf(word: string): string {
  return [...word.replaceAll(/[_-]/g, '')].sort().join('');
}

function differByOne(one: string, other: string): boolean {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return Math.max(one.length, other.length) - start - end <= 1;
}
