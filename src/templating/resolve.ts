import { isObject, own } from '../lib/raw/json.ts';
import { FOOTER_NAME, type Reference } from './dialect.ts';
import type { PersonFacts, RenderContext } from './facts.ts';

/**
 * What a template reads: a fact of the person, the links that are made for its message, the workspace's footer, or the
 * device that a push goes to.
 */
export type Read = keyof PersonFacts | 'links' | 'footer' | 'targetedDevice';

/** `${name}` without a name space. Source: personalization.md §3. */
const attributes: ReadonlyMap<string, keyof PersonFacts> = new Map<string, keyof PersonFacts>([
  ['user_id', 'externalId'],
  ['braze_id', 'brazeId'],
  ['first_name', 'firstName'],
  ['last_name', 'lastName'],
  ['gender', 'gender'],
  ['language', 'language'],
  ['country', 'country'],
  ['city', 'homeCity'],
  ['time_zone', 'timeZone'],
  ['email_address', 'email'],
  ['phone_number', 'phone'],
  ['date_of_birth', 'dob'],
  ['random_bucket_number', 'randomBucket'],
  ['last_used_app_date', 'lastSessionAt'],
]);

const links: ReadonlyMap<string, 'unsubscribe' | 'subscribe' | 'optIn'> = new Map([
  ['set_user_to_unsubscribed_url', 'unsubscribe'],
  ['unsubscribe_url', 'unsubscribe'],
  ['set_user_to_subscribed_url', 'subscribe'],
  ['set_user_to_opted_in_url', 'optIn'],
  ['set_user_to_one_click_list_unsubscribe', 'unsubscribe'],
]);

/** Whether the name stands for a link that changes the state of an email address. */
export function isLinkName(name: string): boolean {
  return links.has(name);
}

/** Documented names that have no data behind them here. Source: personalization.md §3. */
const withoutData = ['most_recent_app_version', 'most_recent_locale', 'most_recent_location'];

/** Every documented `${name}` without a name space. */
export const plainNames: readonly string[] = [...attributes.keys(), ...links.keys(), FOOTER_NAME, ...withoutData];

export function isPlainName(name: string): boolean {
  return plainNames.includes(name);
}

/** Whether `name.${…}` is a name space. */
export function isSpaceName(name: string): boolean {
  return name !== '' && spaces.has(name);
}

/** What a reference stands for in one rendering; null for what is absent or has no data behind it here. */
export function resolveReference({ space, name, isIndexed }: Reference, context: RenderContext): unknown {
  const value = spaces.get(space ?? '')?.value(name, context) ?? null;
  return isIndexed ? firstOf(value) : value;
}

/** `[0]`: of an object, the object itself. */
function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? (value[0] ?? null) : isObject(value) ? value : null;
}

/** What must be known for `resolveReference`; the campaign and the dispatch always are. */
export function readsOf({ space, name }: Reference): readonly Read[] {
  return spaces.get(space ?? '')?.reads(name) ?? [];
}

/** Everything that any reference may read. */
export const everyRead: readonly Read[] = [
  ...new Set<Read>([
    ...attributes.values(),
    ...([
      'links',
      'footer',
      'custom',
      'customTimes',
      'emailState',
      'subscriptionGroups',
      'mostRecentlyUsedDevice',
      'targetedDevice',
    ] as const),
  ]),
];

interface Space {
  reads(name: string): readonly Read[];
  value(name: string, context: RenderContext): unknown;
}

const spaces: ReadonlyMap<string, Space> = new Map<string, Space>([
  [
    '',
    {
      reads: (name) => attributeReads(name),
      value: (name, { person, links: theirs, footer }) =>
        name === FOOTER_NAME ? footer?.() : (attributeOf(name, person) ?? linkOf(name, theirs)),
    },
  ],
  [
    'custom_attribute',
    { reads: () => ['custom', 'customTimes'], value: (name, { person }) => customAttribute(name, person) },
  ],
  [
    'subscribed_state',
    {
      reads: (name) => (name === 'email_global' ? ['emailState'] : ['subscriptionGroups']),
      value: (name, { person }) =>
        name === 'email_global' ? person.emailState : own(person.subscriptionGroups, name.toLowerCase()),
    },
  ],
  [
    'most_recently_used_device',
    {
      reads: () => ['mostRecentlyUsedDevice'],
      value: (name, { person }) => person.mostRecentlyUsedDevice && own(person.mostRecentlyUsedDevice, name),
    },
  ],
  [
    'targeted_device',
    { reads: () => ['targetedDevice'], value: (name, { device }) => (device == null ? null : own(device, name)) },
  ],
  ['api_trigger_properties', { reads: () => [], value: triggerProperty }],
  ['canvas_entry_properties', { reads: () => [], value: triggerProperty }],
  ['context', { reads: () => [], value: triggerProperty }],
  ['canvas', { reads: () => [], value: canvasValue }],
  ['campaign', { reads: () => [], value: campaignValue }],
  ['card', { reads: () => [], value: cardValue }],
  ['preference_center', { reads: () => ['links'], value: (name, { links: theirs }) => theirs?.center?.(name) ?? null }],
]);

function attributeReads(name: string): readonly Read[] {
  const field = attributes.get(name);
  if (field !== undefined) return [field];
  if (name === FOOTER_NAME) return ['footer'];
  return links.has(name) ? ['links'] : [];
}

function attributeOf(name: string, person: PersonFacts): unknown {
  const field = attributes.get(name);
  const value = field && person[field];
  return value instanceof Date ? shownTime(value.getTime()) : value;
}

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

/** As `customAttribute`. A person's own property takes the place of the common one of the same name, whole. */
function triggerProperty(name: string, { trigger }: RenderContext): unknown {
  if (trigger == null) return null;
  const theirs = trigger.own === null ? undefined : own(trigger.own, name);
  const literal = theirs === undefined ? own(trigger.common, name) : theirs;
  return literal === undefined ? atPath(name, { ...trigger.common, ...trigger.own }) : literal;
}

function canvasValue(name: string, { trigger }: RenderContext): unknown {
  const canvas = trigger?.canvas;
  switch (name) {
    case 'api_id':
      return canvas?.id;
    case 'name':
      return canvas?.name;
    case 'variant_api_id':
      return canvas?.variantId;
    case 'variant_name':
      return canvas?.variantName;
    default:
      return null;
  }
}

function cardValue(name: string, { card }: RenderContext): unknown {
  if (name === 'api_id') return card?.id;
  return name === 'name' ? card?.name : null;
}

/** First an attribute literally so named, else the path inside an object. */
function customAttribute(name: string, { custom, customTimes }: PersonFacts): unknown {
  const time = own(customTimes, name);
  if (typeof time === 'number') return shownTime(time);
  const literal = own(custom, name);
  return literal === undefined ? atPath(name, custom) : literal;
}

/** `cart_items[0].name`: names behind points, places in brackets. */
function atPath(path: string, whole: Readonly<Record<string, unknown>>): unknown {
  if (!/[.[]/.test(path)) return undefined;
  let value: unknown = whole;
  for (const step of path.replaceAll(']', '').split(/[.[]+/)) {
    if (isObject(value)) value = own(value, step) ?? (step === '0' ? value : undefined);
    else value = Array.isArray(value) && /^-?\d+$/.test(step) ? value.at(Number(step)) : undefined;
  }
  return value;
}

/** The form in which templates see times: `2026-03-15 12:00:00 UTC`. */
function shownTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
