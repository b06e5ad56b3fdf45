import { RequestError } from '../../../errors.ts';
import { isObject, own, type RawObject } from '../../../lib/raw/json.ts';
import { isEmpty, isGiven } from '../../../lib/raw/lenient.ts';
import { type ObjectLimits, trackArrays } from '../../../people/track/request.ts';

/** Source: more-endpoints.md §1. */
const mostBulkBytes = 2 * 1_048_576;
const mostOfOnePerson = 100;
export const bulkLimits: ObjectLimits = { most: 1_000, counted: 'combined' };
export const syncLimits: ObjectLimits = { most: 1, counted: 'combined' };

/** Checks what /users/track/bulk limits besides the number of objects. Throws RequestError. */
export function checkBulk(body: RawObject, rawBody: Buffer): void {
  if (rawBody.length > mostBulkBytes) throw new RequestError('bad_request', ['body exceeds 2 MB']);
  const counts = new Map<string, number>();
  for (const array of trackArrays) {
    const list = own(body, array);
    if (!Array.isArray(list)) continue;
    for (const object of list) {
      const person = personAsWritten(object);
      if (person !== null) counts.set(person, (counts.get(person) ?? 0) + 1);
    }
  }
  const most = Math.max(0, ...counts.values());
  if (most <= mostOfOnePerson) return;
  const problem = `attributes, events and purchases together: expected at most ${mostOfOnePerson} objects of one person, got ${most}`;
  throw new RequestError('max_input_length', [problem]);
}

/** The identifier of an object as it is written, with its kind. null: it has none that could be read. */
function personAsWritten(object: unknown): string | null {
  if (!isObject(object)) return null;
  const alias = own(object, 'user_alias');
  if (isObject(alias) && !isEmpty(alias)) {
    return `user_alias ${JSON.stringify([own(alias, 'alias_label'), own(alias, 'alias_name')])}`;
  }
  for (const name of ['external_id', 'braze_id', 'email', 'phone']) {
    const value = own(object, name);
    if (isGiven(value)) return `${name} ${typeof value === 'object' ? '' : String(value)}`;
  }
  return null;
}

/** The body of /users/track/sync, whose one object may stand without an array around it. */
export function asLists(body: RawObject): RawObject {
  const lists = trackArrays.map((array) => {
    const value = own(body, array);
    return [array, isObject(value) && !isEmpty(value) ? [value] : value] as const;
  });
  return { ...body, ...Object.fromEntries(lists.filter(([, value]) => value !== undefined)) };
}

/** How the request names a person, in the form in which the answer names the person. */
export function identifierAsWritten(object: RawObject): RawObject {
  const name = ['external_id', 'user_alias', 'braze_id', 'email', 'phone'].find((one) =>
    one === 'user_alias' ? !isEmpty(own(object, one)) : isGiven(own(object, one)),
  );
  return name === undefined ? {} : { [name]: own(object, name) };
}
