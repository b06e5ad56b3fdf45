import { memberPath } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { profileFields } from '../../profile/profile-fields.ts';
import { readName } from '../../stored-text.ts';

/** Members of an attributes object that neither describe the person nor are custom attributes. */
export const notCustom: ReadonlySet<string> = new Set([
  'external_id',
  'user_alias',
  'braze_id',
  'push_token_import',
  'push_tokens',
  'subscription_groups',
  '_update_existing_only',
  '_merge_objects',
]);

/** Whether a member of an attributes object is more than a custom attribute. */
export function isMember(name: string): boolean {
  return notCustom.has(name) || profileFields.has(name);
}

/** The name of a custom attribute, and its path in problems. */
export interface CustomName {
  name: string;
  path: string;
}

const MAX_BYTES = 1_020;
const LONGEST_REMEMBERED = 64;
const MOST_REMEMBERED = 5_000;

/** By the member. Few names are in use, so that nearly all are found here. */
const remembered = new Map<string, CustomName>();

/** Reads the name without blanks around it. Throws ObjectProblem. */
export function readCustomName(key: string): CustomName {
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const name = readName(key, 'attribute name', MAX_BYTES).trim();
  const path = memberPath('', key);
  if (name !== key && isMember(name)) throw new ObjectProblem(`${path}: expected ${name} without blanks around it`);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  if (key.length <= LONGEST_REMEMBERED) remembered.set(key, { name, path });
  return { name, path };
}
