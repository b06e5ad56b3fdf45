import type { Platform } from '../../../channels/provider.ts';
import { isObject, memberPath, own, type RawObject, shown } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { readLanguage } from '../../profile/countries-and-languages.ts';
import { countriesOfThreeLetters } from '../../profile/country-hints.ts';
import { noHistory } from '../../track/history.ts';
import { isNothing, leaveOutUnknown, type Translating, type Translation } from './foreign.ts';
import { nested } from './pinpoint-columns.ts';
import { customOf, emailOf, namedByAlias, numberOf, placeOf, timeOf } from './values.ts';

/** Where an endpoint's address leads to. Endpoints of other types only describe their person. */
const kinds: ReadonlyMap<string, Platform | 'email' | 'sms'> = new Map([
  ['APNS', 'ios'],
  ['APNS_SANDBOX', 'ios'],
  ['GCM', 'android'],
  ['ADM', 'kindle'],
  ['EMAIL', 'email'],
  ['SMS', 'sms'],
]);

const known = new Set([
  ...[
    'Id',
    'Address',
    'ChannelType',
    'OptOut',
    'EndpointStatus',
    'CreationDate',
    'EffectiveDate',
    'Attributes',
    'Metrics',
  ],
  ...['Location', 'Demographic', 'User'],
  // Of the export and of no person.
  ...['ApplicationId', 'RequestId', 'CohortId'],
]);
const knownInside = {
  Location: new Set(['City', 'Country', 'Latitude', 'Longitude']),
  Demographic: new Set(['Timezone', 'Locale']),
  User: new Set(['UserId', 'UserAttributes']),
};

/**
 * Reads an endpoint: a device, an email address or a phone number. Endpoints with one user id are one person.
 * Source: Amazon Pinpoint, "Exporting Endpoints from Amazon Pinpoint"; Amazon Pinpoint, "Importing Endpoints into Amazon
 * Pinpoint".
 */
export function fromPinpoint(given: RawObject, work: Translating): Translation {
  const record = nested(given);
  leaveOutUnknown(record, known, work);
  const [location, demographic, user] = (['Location', 'Demographic', 'User'] as const).map((name) => {
    const part = objectOf(record, name, work);
    for (const key of Object.keys(part)) {
      if (!knownInside[name].has(key) && !isNothing(part[key])) work.leftOut.add(`${name}.${shown(key)}`);
    }
    return part;
  }) as [RawObject, RawObject, RawObject];
  const object = {
    ...customOf(metricsOf(record, work), 'Metrics', work),
    ...customOf(own(record, 'Attributes'), 'Attributes', work),
    ...customOf(own(user, 'UserAttributes'), 'User.UserAttributes', work),
    ...placeOf(own(location, 'Longitude'), own(location, 'Latitude'), 'Location', work),
    ...personal(location, demographic),
    ...addressOf(record, work),
    ...nameOf(record, user),
  };
  const createdAt = timeOf(own(record, 'CreationDate'), 'CreationDate', work);
  // An endpoint says when it was changed last, which is no earlier than when it opted out.
  const emailStateAt = timeOf(own(record, 'EffectiveDate'), 'EffectiveDate', work);
  return { object, history: { ...noHistory, createdAt, emailStateAt } };
}

function objectOf(record: RawObject, name: string, { remarks }: Translating): RawObject {
  const value = own(record, name);
  if (isNothing(value)) return {};
  if (isObject(value)) return value;
  remarks.add(`${name}: expected an object`);
  return {};
}

function nameOf(record: RawObject, user: RawObject): RawObject {
  const userId = own(user, 'UserId');
  if (!isNothing(userId)) return { external_id: userId };
  const id = own(record, 'Id');
  if (typeof id === 'string' && id !== '') return namedByAlias('pinpoint_endpoint', id);
  throw new ObjectProblem('expected User.UserId, or the Id of the endpoint');
}

function metricsOf(record: RawObject, work: Translating): RawObject {
  const metrics = objectOf(record, 'Metrics', work);
  const read = Object.entries(metrics).flatMap(([name, value]): [string, number][] => {
    if (isNothing(value)) return [];
    const number = work.remarks.keep(() => numberOf(value, memberPath('Metrics', name)));
    return number === undefined ? [] : [[name, number]];
  });
  return Object.fromEntries(read);
}

/** Countries may have three letters, and a locale is a language here. */
function personal(location: RawObject, demographic: RawObject): RawObject {
  const [country, city] = [own(location, 'Country'), own(location, 'City')];
  const [zone, locale] = [own(demographic, 'Timezone'), own(demographic, 'Locale')];
  const code = typeof country === 'string' ? countriesOfThreeLetters.get(country.trim().toUpperCase()) : undefined;
  const language = typeof locale === 'string' ? readLanguage(locale) : null;
  return {
    ...(!isNothing(country) && { country: code ?? country }),
    ...(!isNothing(city) && { home_city: city }),
    ...(!isNothing(zone) && { time_zone: zone }),
    ...(language !== null && { language }),
  };
}

/** An address that has opted out is told from one that may be used; one that is inactive is left out. */
function addressOf(record: RawObject, work: Translating): RawObject {
  const [address, type] = [own(record, 'Address'), String(own(record, 'ChannelType') ?? '').toUpperCase()];
  if (isNothing(address)) return {};
  const kind = kinds.get(type);
  if (kind === undefined) {
    // A cell of another column, such as a token, must not be printed.
    work.leftOut.add(`Address of ChannelType ${/^[A-Z_]{1,20}$/.test(type) ? type : 'that is no word'}`);
    return {};
  }
  const isOut = hasOptedOut(record, work);
  if (kind === 'email' && isOut) return { ...emailOf(address, work), email_subscribe: 'unsubscribed' };
  if (kind === 'sms' && isOut) return { phone: address, ...work.smsState('unsubscribed') };
  const isInactive = String(own(record, 'EndpointStatus') ?? '').toUpperCase() === 'INACTIVE';
  if (isOut || isInactive) {
    work.leftOut.add(isOut ? 'push tokens that have opted out' : 'addresses of inactive endpoints');
    return {};
  }
  if (kind === 'email') return emailOf(address, work);
  if (kind === 'sms') return { phone: address, ...work.smsState('subscribed') };
  return pushToken(record, kind, work);
}

/** A word that nobody knows counts as opting out. */
function hasOptedOut(record: RawObject, { remarks }: Translating): boolean {
  const given = own(record, 'OptOut');
  const word = typeof given === 'string' ? given.trim().toUpperCase() : given;
  const isKnown = isNothing(word) || word === 'NONE' || word === 'ALL';
  if (!isKnown) remarks.add('OptOut: expected ALL or NONE; the address is taken to have opted out');
  return !isNothing(word) && word !== 'NONE';
}

function pushToken(record: RawObject, platform: Platform, work: Translating): RawObject {
  const app = work.apps.of(platform);
  if (typeof app === 'string') {
    work.remarks.add(`Address: ${app}`);
    return {};
  }
  const id = own(record, 'Id');
  const device = typeof id === 'string' && id.length >= 8 ? id : null;
  return { push_tokens: [{ app_id: app.id, token: own(record, 'Address'), device_id: device }] };
}
