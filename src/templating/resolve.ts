import { isObject, own } from '../lib/json.ts';
import type { Reference } from './dialect.ts';
import type { PersonFacts, RenderContext } from './facts.ts';

type Plain = (person: PersonFacts) => unknown;

/** `${name}` without a name space. Source: personalization.md 3. */
const attributes: ReadonlyMap<string, Plain> = new Map<string, Plain>([
  ['user_id', ({ externalId }) => externalId],
  ['braze_id', ({ brazeId }) => brazeId],
  ['first_name', ({ firstName }) => firstName],
  ['last_name', ({ lastName }) => lastName],
  ['gender', ({ gender }) => gender],
  ['language', ({ language }) => language],
  ['country', ({ country }) => country],
  ['city', ({ homeCity }) => homeCity],
  ['time_zone', ({ timeZone }) => timeZone],
  ['email_address', ({ email }) => email],
  ['phone_number', ({ phone }) => phone],
  ['date_of_birth', ({ dob }) => dob],
  ['random_bucket_number', ({ randomBucket }) => randomBucket],
  ['last_used_app_date', ({ lastSessionAt }) => (lastSessionAt === null ? null : shownTime(lastSessionAt.getTime()))],
]);

const links: ReadonlyMap<string, keyof NonNullable<RenderContext['links']>> = new Map([
  ['set_user_to_unsubscribed_url', 'unsubscribe'],
  ['unsubscribe_url', 'unsubscribe'],
  ['set_user_to_subscribed_url', 'subscribe'],
  ['set_user_to_opted_in_url', 'optIn'],
]);

/** What a reference stands for in one rendering; null for what is absent or has no data behind it here. */
export function resolveReference({ space, name, isIndexed }: Reference, context: RenderContext): unknown {
  const value = spaces.get(space ?? '')?.(name, context) ?? null;
  return isIndexed && isObject(value) ? indexable(value) : value;
}

type Space = (name: string, context: RenderContext) => unknown;

const spaces: ReadonlyMap<string, Space> = new Map<string, Space>([
  ['', (name, { person, links: theirs }) => attributes.get(name)?.(person) ?? linkOf(name, theirs)],
  ['custom_attribute', (name, { person }) => customAttribute(name, person)],
  [
    'subscribed_state',
    (name, { person }) =>
      name === 'email_global' ? person.emailState : own(person.subscriptionGroups, name.toLowerCase()),
  ],
  [
    'most_recently_used_device',
    (name, { person }) => person.mostRecentlyUsedDevice && own(person.mostRecentlyUsedDevice, name),
  ],
  ['campaign', campaignValue],
]);

function linkOf(name: string, theirs: RenderContext['links']): string | null {
  const which = links.get(name);
  return which === undefined || theirs === null ? null : theirs[which];
}

function campaignValue(name: string, { campaign, variation, dispatchId }: RenderContext): unknown {
  switch (name) {
    case 'dispatch_id':
      return dispatchId;
    case 'api_id':
      return campaign?.id;
    case 'name':
      return campaign?.name;
    case 'message_name':
      return variation?.name;
    case 'message_api_id':
      return variation?.id;
    default:
      return null;
  }
}

/** First an attribute literally so named, else the path inside an object. */
function customAttribute(name: string, { custom, customTimes }: PersonFacts): unknown {
  const time = own(customTimes, name);
  if (typeof time === 'number') return shownTime(time);
  const literal = own(custom, name);
  if (literal !== undefined || !name.includes('.')) return literal;
  return name.split('.').reduce<unknown>((value, part) => (isObject(value) ? own(value, part) : undefined), custom);
}

/** The form in which templates see times: `2026-03-15 12:00:00 UTC`. */
function shownTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A copy whose `[0]` is itself, which no loop and no JSON shows. */
function indexable(record: Record<string, unknown>): Record<string, unknown> {
  return Object.defineProperty({ ...record }, '0', { value: record, enumerable: false });
}
