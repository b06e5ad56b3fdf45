import { keyOfVariation } from '../../../channels/index.ts';
import { elementPath, isObject, own, type RawObject } from '../../../lib/raw/json.ts';
import { idKey } from '../../../workspace/catalog.ts';
import { readAlias } from '../../profile/identifiers.ts';
import type { PersonName } from '../../profile/identify.ts';
import { readShortText } from '../../stored-text.ts';
import { silent } from '../../track/attributes.ts';
import type { History, PastTotal } from '../../track/history.ts';
import { platformOf } from './apps.ts';
import { isNothing, leaveOutUnknown, type Translating, type Translation } from './foreign.ts';
import { countOf, customOf, earliest, emailOf, latest, namedByAlias, placeOf, timeOf } from './values.ts';

/** Members that mean the same in an export and in /users/track. */
const plain = [
  ...['first_name', 'last_name', 'phone', 'country', 'home_city', 'language', 'gender', 'time_zone'],
  ...['email_subscribe', 'push_subscribe'],
];
const known = new Set([
  ...plain,
  ...['external_id', 'braze_id', 'user_aliases', 'email', 'dob', 'last_coordinates', 'custom_attributes', 'created_at'],
  ...['random_bucket', 'custom_events', 'purchases', 'total_revenue', 'push_tokens', 'apps', 'campaigns_received'],
  ...['subscription_groups', 'email_opted_in_at', 'email_unsubscribed_at', 'push_opted_in_at', 'push_unsubscribed_at'],
]);
/** The alias of people who have neither an external id nor an alias, so that the same file finds them again. */
const idLabel = 'braze_id';

/**
 * Reads a person of /users/export/ids, /users/export/segment or /subscription/user/status.
 * Source: adjacent-endpoints.md §2.8 and §3.5; more-endpoints.md §4.1; Braze, "Export user profile by identifier".
 */
export function fromBraze(record: RawObject, work: Translating): Translation {
  leaveOutUnknown(record, known, work);
  const aliases = listOf(record, 'user_aliases', work, (alias, path) =>
    work.remarks.keep(() => readAlias(alias, path)),
  );
  const used = usedApps(record, work);
  const object = {
    ...customOf(own(record, 'custom_attributes'), 'custom_attributes', work),
    ...Object.fromEntries(plain.flatMap((name) => (isNothing(own(record, name)) ? [] : [[name, own(record, name)]]))),
    ...emailOf(own(record, 'email'), work),
    ...birthDate(own(record, 'dob')),
    ...coordinates(own(record, 'last_coordinates'), work),
    ...(used.first !== null && { date_of_first_session: used.first.toISOString() }),
    ...(used.last !== null && { date_of_last_session: used.last.toISOString() }),
    ...pushTokens(record, work),
    ...groups(record, work),
    ...nameOf(record, aliases),
  };
  const isNamedByAlias = isNothing(own(record, 'external_id'));
  return { object, history: historyOf(record, isNamedByAlias ? aliases.slice(1) : aliases, used.sessions, work) };
}

/** An external id, else the first alias, else the braze id as an alias. Without all three, the email or phone names it. */
function nameOf(record: RawObject, [first]: readonly PersonName[]): RawObject {
  const [externalId, brazeId] = [own(record, 'external_id'), own(record, 'braze_id')];
  if (!isNothing(externalId)) return { external_id: externalId };
  if (first !== undefined) return namedByAlias(first.label, first.name);
  return typeof brazeId === 'string' && brazeId !== '' ? namedByAlias(idLabel, brazeId) : {};
}

function historyOf(
  record: RawObject,
  aliases: readonly PersonName[],
  sessions: number | null,
  work: Translating,
): History {
  const time = (name: string) => timeOf(own(record, name), name, work);
  const stateAt = (state: unknown, kind: 'email' | 'push') =>
    state === 'opted_in'
      ? time(`${kind}_opted_in_at`)
      : state === 'unsubscribed'
        ? time(`${kind}_unsubscribed_at`)
        : null;
  const revenue = own(record, 'total_revenue');
  const totals = [...totalsOf(record, 'custom_events', work), ...totalsOf(record, 'purchases', work)];
  const isSpent = typeof revenue === 'number' && revenue > 0 && revenue < 1e12;
  if (isSpent && !totals.some(({ kind }) => kind === 'purchase')) work.leftOut.add('total_revenue without purchases');
  return {
    createdAt: time('created_at'),
    randomBucket: countOf(own(record, 'random_bucket'), 'random_bucket', work, 9_999),
    aliases,
    emailStateAt: stateAt(own(record, 'email_subscribe'), 'email'),
    pushStateAt: stateAt(own(record, 'push_subscribe'), 'push'),
    sessions,
    totals,
    revenue: isSpent ? revenue : null,
    received: receivedOf(record, work),
  };
}

/** Reads the objects of a list. Those that are wrong are left out, with a remark. */
function listOf<T>(
  record: RawObject,
  name: string,
  { remarks }: Translating,
  read: (element: RawObject, path: string) => T | null | undefined,
): T[] {
  const value = own(record, name);
  if (isNothing(value)) return [];
  if (!Array.isArray(value)) {
    remarks.add(`${name}: expected an array of objects`);
    return [];
  }
  return value.flatMap((element: unknown, index) => {
    const path = elementPath(name, index);
    if (!isObject(element)) remarks.add(`${path}: expected an object`);
    const one = isObject(element) ? read(element, path) : null;
    return one == null ? [] : [one];
  });
}

/** The original writes a day, some of its older files an instant. */
function birthDate(value: unknown): RawObject {
  if (isNothing(value)) return {};
  const [day] = typeof value === 'string' ? (/^\d{4}-\d\d-\d\d(?=[T ])/.exec(value) ?? []) : [];
  return { dob: day ?? value };
}

function coordinates(value: unknown, work: Translating): RawObject {
  if (isNothing(value)) return {};
  if (Array.isArray(value) && value.length === 2) return placeOf(value[0], value[1], 'last_coordinates', work);
  work.remarks.add('last_coordinates: expected longitude and latitude');
  return {};
}

function pushTokens(record: RawObject, work: Translating): RawObject {
  const tokens = listOf(record, 'push_tokens', work, (token, path) => {
    const app = work.apps.named(own(token, 'app'), platformOf(own(token, 'platform')));
    if (typeof app === 'string') {
      work.remarks.add(`${path}.app: ${app}`);
      return null;
    }
    const isSilent = own(token, 'notifications_enabled') === false;
    const device = own(token, 'device_id');
    return { app_id: app.id, token: own(token, 'token'), device_id: device, ...(isSilent && { [silent]: true }) };
  });
  return tokens.length === 0 ? {} : { push_tokens: tokens };
}

/** The states in subscription groups, which only GET /subscription/user/status has. */
function groups(record: RawObject, work: Translating): RawObject {
  const states = listOf(record, 'subscription_groups', work, (group) => {
    const state = own(group, 'subscription_state') ?? own(group, 'status');
    const word = typeof state === 'string' ? state.toLowerCase() : state;
    if (word === 'unknown') return null;
    return { subscription_group_id: own(group, 'subscription_group_id') ?? own(group, 'id'), subscription_state: word };
  });
  return states.length === 0 ? {} : { subscription_groups: states };
}

interface UsedApps {
  sessions: number | null;
  first: Date | null;
  last: Date | null;
}

/** Sessions of all apps together, because a profile here does not tell them apart. */
function usedApps(record: RawObject, work: Translating): UsedApps {
  const apps = listOf(record, 'apps', work, (app, path) => ({
    sessions: countOf(own(app, 'sessions'), `${path}.sessions`, work),
    first: timeOf(own(app, 'first_used'), `${path}.first_used`, work),
    last: timeOf(own(app, 'last_used'), `${path}.last_used`, work),
  }));
  const sessions = Math.min(
    apps.reduce((sum, app) => sum + (app.sessions ?? 0), 0),
    2_147_483_647,
  );
  return {
    sessions: sessions === 0 ? null : sessions,
    first: earliest(apps.map(({ first }) => first)),
    last: latest(apps.map(({ last }) => last)),
  };
}

function totalsOf(record: RawObject, member: 'custom_events' | 'purchases', work: Translating): PastTotal[] {
  return listOf(record, member, work, (total, path): PastTotal | null => {
    const name = work.remarks.keep(() => readShortText(own(total, 'name'), `${path}.name`));
    const firstAt = timeOf(own(total, 'first'), `${path}.first`, work);
    const lastAt = timeOf(own(total, 'last'), `${path}.last`, work) ?? firstAt;
    const count = countOf(own(total, 'count'), `${path}.count`, work);
    if (name === undefined || name.trim() === '' || lastAt === null || count === null || count === 0) return null;
    const kind = member === 'purchases' ? 'purchase' : 'event';
    const begin = firstAt === null || firstAt > lastAt ? lastAt : firstAt;
    return { kind, name, count, firstAt: begin, lastAt };
  });
}

/** Campaigns that the workspace has under the same id. Without their channel, nothing can be stored. */
function receivedOf(record: RawObject, work: Translating): History['received'] {
  return listOf(record, 'campaigns_received', work, (received, path) => {
    const at = timeOf(own(received, 'last_received'), `${path}.last_received`, work);
    if (at === null || own(received, 'in_control') === true) return null;
    const id = own(received, 'api_campaign_id');
    const campaign = typeof id === 'string' ? work.workspace.campaigns.get(idKey(id)) : undefined;
    const variation = campaign?.variations.get(idKey(String(own(received, 'variation_api_id') ?? '')));
    const kinds = new Set([...(campaign?.variations.values() ?? [])].map(({ channel }) => channel));
    const kind = variation?.channel ?? (kinds.size === 1 ? [...kinds][0] : undefined);
    if (campaign === undefined || kind === undefined) {
      work.leftOut.add('campaigns_received of campaigns that the workspace does not have');
      return null;
    }
    return { campaignId: campaign.id, channel: keyOfVariation(kind), at };
  });
}
