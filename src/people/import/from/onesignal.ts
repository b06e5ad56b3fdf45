import type { Platform } from '../../../channels/provider.ts';
import { isObject, own, type RawObject } from '../../../lib/raw/json.ts';
import { readFlag } from '../../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { noHistory } from '../../track/history.ts';
import { isNothing, leaveOutUnknown, type Translating, type Translation } from './foreign.ts';
import { countOf, customOf, emailOf, namedByAlias, placeOf, timeOf } from './values.ts';

/** Where a row's `identifier` leads to, by `device_type`. Other types get no messages here. */
const kinds: ReadonlyMap<string, Platform | 'email' | 'sms'> = new Map([
  ['0', 'ios'],
  ['1', 'android'],
  ['2', 'kindle'],
  ['5', 'web'],
  ['7', 'web'],
  ['8', 'web'],
  ['17', 'web'],
  ['11', 'email'],
  ['14', 'sms'],
]);

const known = new Set([
  ...[
    'id',
    'identifier',
    'device_type',
    'invalid_identifier',
    'external_user_id',
    'external_id',
    'onesignal_id',
    'email',
  ],
  ...['sms_number', 'language', 'country', 'timezone_id', 'tags', 'session_count', 'created_at', 'last_active', 'lat'],
  ...['lon', 'web_auth', 'web_p256'],
]);

/**
 * Reads a subscription: a device, an email address or a phone number. Rows with one external id are one person.
 * Source: OneSignal, "Export subscriptions CSV".
 */
export function fromOneSignal(record: RawObject, work: Translating): Translation {
  leaveOutUnknown(record, known, work);
  const [first, last] = (['created_at', 'last_active'] as const).map((name) => timeOf(own(record, name), name, work));
  const object = {
    ...customOf(tagsOf(own(record, 'tags'), work), 'tags', work),
    ...pick(record, { language: 'language', country: 'country', timezone_id: 'time_zone', sms_number: 'phone' }),
    ...emailOf(own(record, 'email'), work),
    ...placeOf(own(record, 'lon'), own(record, 'lat'), 'lon, lat', work),
    ...(first != null && { date_of_first_session: first.toISOString() }),
    ...(last != null && { date_of_last_session: last.toISOString() }),
    ...addressOf(record, work),
    ...nameOf(record),
  };
  const sessions = countOf(own(record, 'session_count'), 'session_count', work);
  return { object, history: { ...noHistory, createdAt: first ?? null, sessions } };
}

function nameOf(record: RawObject): RawObject {
  const externalId = ['external_user_id', 'external_id'].map((name) => own(record, name)).find((id) => !isNothing(id));
  if (externalId !== undefined) return { external_id: externalId };
  const id = [own(record, 'onesignal_id'), own(record, 'id')].find((one) => typeof one === 'string' && one !== '');
  if (typeof id === 'string') return namedByAlias('onesignal_id', id);
  throw new ObjectProblem('expected an external_user_id, or the id of the subscription');
}

/** What the row leads to. An address that has unsubscribed is told from one that may be used. */
function addressOf(record: RawObject, work: Translating): RawObject {
  const [address, type] = [own(record, 'identifier'), String(own(record, 'device_type') ?? '')];
  if (isNothing(address)) return {};
  const kind = kinds.get(type);
  const isInvalid = isUnsubscribed(record, work);
  if (kind === undefined) {
    // A cell of another column, such as a token, must not be printed.
    work.leftOut.add(`identifier of device_type ${/^\d{1,3}$/.test(type) ? type : 'that is no number'}`);
    return {};
  }
  if (kind === 'email') return { ...emailOf(address, work), ...(isInvalid && { email_subscribe: 'unsubscribed' }) };
  if (kind === 'sms') return { phone: address, ...work.smsState(isInvalid ? 'unsubscribed' : 'subscribed') };
  if (!isInvalid) return pushToken(record, kind, work);
  work.leftOut.add('push tokens that have unsubscribed');
  return {};
}

/** `t` means that the subscription has ended. A word that nobody knows counts as that. */
function isUnsubscribed(record: RawObject, { remarks }: Translating): boolean {
  const value = own(record, 'invalid_identifier');
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  const reading = readFlag(word === 't' ? true : word === 'f' ? false : word);
  if (!reading.ok) remarks.add('invalid_identifier: expected t or f; the address is taken to have unsubscribed');
  return reading.ok ? reading.value === true : true;
}

function pushToken(record: RawObject, platform: Platform, work: Translating): RawObject {
  const app = work.apps.of(platform);
  if (typeof app === 'string') {
    work.remarks.add(`identifier: ${app}`);
    return {};
  }
  const token = platform === 'web' ? subscriptionOf(record) : own(record, 'identifier');
  const id = own(record, 'id');
  const device = typeof id === 'string' && id.length >= 8 ? id : null;
  return { push_tokens: [{ app_id: app.id, token, device_id: device }] };
}

/** A browser's subscription. Without its keys, which are extra fields of the export, nothing can be sent to it. */
function subscriptionOf(record: RawObject): string {
  const [endpoint, auth, p256dh] = ['identifier', 'web_auth', 'web_p256'].map((name) => own(record, name));
  return JSON.stringify({ endpoint, keys: { p256dh, auth } });
}

/** Tags are a JSON object, in CSV as text. */
function tagsOf(value: unknown, { remarks }: Translating): unknown {
  if (isNothing(value) || isObject(value)) return value === '' ? null : value;
  try {
    return JSON.parse(String(value));
  } catch {
    remarks.add('tags: expected a JSON object');
    return null;
  }
}

function pick(record: RawObject, names: Readonly<Record<string, string>>): RawObject {
  const given = Object.entries(names).filter(([name]) => !isNothing(own(record, name)));
  return Object.fromEntries(given.map(([name, ours]) => [ours, own(record, name)]));
}
