import { admitSubscription, readSubscriptionText, subscriptionToken } from '../../channels/web-push/subscription.ts';
import { emptyMap } from '../../lib/lazy-map.ts';
import { didYouMean } from '../../lib/raw/did-you-mean.ts';
import { elementPath, isObject, memberPath, own, type RawObject } from '../../lib/raw/json.ts';
import { isEmpty, isGiven, readFlag } from '../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { type App, idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import { countryHint } from '../profile/country-hints.ts';
import { type CustomChange, readCustomChange } from '../profile/custom-values.ts';
import {
  type Identifier,
  missingIdentifier,
  readCreates,
  readIdentifier,
  refuseBlocked,
} from '../profile/identifiers.ts';
import { futureIn, type ProfileChange, profileFields } from '../profile/profile-fields.ts';
import {
  CodedProblem,
  coded,
  ObjectRefusal,
  type Remark,
  Remarks,
  remarkOf,
  sentenceOf,
  type TrackCode,
} from '../remarks.ts';
import { readName, readShortText } from '../stored-text.ts';
import { canonicalAppleToken } from './apple-token.ts';
import type { History } from './history.ts';
import { notCustom, readCustomName } from './names/custom-names.ts';
import { slipsAmong } from './names/slips.ts';

export interface TokenChange {
  appId: string;
  platform: App['platform'];
  token: string;
  /** The device's id. null: the server makes one. */
  deviceId: string | null;
  /** Present: the device shows no notifications. A stored token that shows them goes on to do so. */
  isSilent?: true;
}

/** Marks a token as silent. JSON cannot hold this member, so only imports can. */
export const silent = Symbol('silent');

export interface GroupChange {
  groupId: string;
  state: 'subscribed' | 'unsubscribed';
  /** Whether the request asks that the person confirms first (double opt-in), which is not done. */
  asksToConfirm: boolean;
}

/** One valid object of `attributes`. */
export interface AttributesObject {
  /** null: the object makes an anonymous person for those of its tokens that nobody has. */
  identifier: Identifier | null;
  creates: boolean;
  profile: ProfileChange;
  custom: ReadonlyMap<string, CustomChange>;
  /** The tokens to add. null: removes all tokens of the person. */
  tokens: readonly TokenChange[] | null;
  groups: readonly GroupChange[];
  /** What is left out of the object, because it is wrong. */
  remarks: readonly Remark[];
  /** Members whose value is not known, which the original ignores without an error. */
  ignored: readonly { field: IgnoredField; problem: string }[];
  /** The custom attributes that are left out because they are on the workspace's blocklist. */
  blocked: readonly string[];
  /** What was probably meant by custom attributes that look like members, in words. */
  slips: readonly string[];
  /** What another system knows of the person's past. Absent: nothing; only imports have it. */
  history?: History;
}

export type IgnoredField = 'country' | 'time_zone';

const expectedValues: Readonly<Record<IgnoredField, string>> = {
  country: 'expected a code of two letters (ISO 3166-1) such as AT, or the English name of a country',
  time_zone: 'expected the name of a time zone such as Europe/Vienna',
};
const consequences: Readonly<Record<IgnoredField, string>> = {
  country: 'the person has no country now',
  time_zone: 'the stored one stays',
};

/** What was expected of a member whose value nobody knows. */
export function unknownValue(field: IgnoredField, value: unknown): string {
  const meant = field === 'country' && typeof value === 'string' ? countryHint(value) : null;
  return `${field}: ${expectedValues[field]}${didYouMean(meant)}`;
}

/** One sentence for each member that was ignored, or that was probably meant otherwise. `path`: that of the object. */
export function remarksBeside({ ignored, blocked, slips }: AttributesObject, path: string): string[] {
  return [
    ...blocked.map((name) => `${memberPath(path, name)}: is on the blocklist of custom attributes, and is not stored`),
    ...ignored.map(
      ({ field, problem }) => `${path}.${problem}${problem.endsWith('?') ? ' ' : '; '}${consequences[field]}`,
    ),
    ...slips.map((slip) => `${path}.${slip}`),
  ];
}

/** One sentence for a value that is stored although it can hardly be meant. */
export function remarksOfStored({ profile }: AttributesObject, path: string, now: Date): string[] {
  const future = futureIn(profile, now);
  return future === null ? [] : [`${path}.${future}; it is stored all the same`];
}

/** Source: adjacent-endpoints.md §2.1. */
const deviceIdBytes = { least: 8, most: 255 };
/** Longest push token. An index row of PostgreSQL holds 2,704 bytes. */
const maxTokenBytes = 2_048;
export const maxTokens = 100;

/**
 * Reads one object of `attributes`. Leaves out what is wrong. Throws ObjectRefusal, with all that is wrong, if the object
 * does not name its person, or if one of its switches or its email address is wrong.
 * Source: adjacent-endpoints.md §2.1.
 */
export function readAttributes(raw: RawObject, workspace: WorkspaceCatalog): AttributesObject {
  const remarks = new Remarks();
  const tokens = readTokens(own(raw, 'push_tokens'), workspace, remarks);
  const refusals: ObjectProblem[] = [];
  const attempt = <T>(read: () => T): T | undefined => attemptInto(refusals, read);
  const identifier = attempt(() => readAdmitted(raw, tokens, { workspace, remarks })) ?? null;
  const mergesObjects = attempt(() => readSwitch(raw, '_merge_objects')) ?? false;
  const creates = attempt(() => identifier === null || readCreates(raw, identifier)) ?? true;
  const profile: ProfileChange = { columns: {}, extras: emptyMap() };
  const custom = new Map<string, CustomChange>();
  const blocked: string[] = [];
  for (const key of Object.keys(raw)) {
    if (notCustom.has(key)) continue;
    const value = raw[key];
    const read = profileFields.get(key);
    if (key === 'email') attempt(() => read?.(value, profile));
    else if (read !== undefined) remarks.keep(() => read(value, profile));
    else if (workspace.blockedAttributes?.has(key.trim())) blocked.push(key.trim());
    else
      remarks.keep(() => {
        const { name, path } = readCustomName(key);
        custom.set(name, readCustomChange(value, path, mergesObjects));
      });
  }
  // A person named by an address keeps the spelling of the address in the profile.
  if (identifier?.kind === 'email') delete profile.columns.email;
  if (identifier?.kind === 'phone') delete profile.columns.phone;
  const groups = readGroups(own(raw, 'subscription_groups'), workspace, remarks);
  const ignored = (['country', 'time_zone'] as const)
    .filter((field) => isGiven(own(raw, field)) && (profile.columns[field] ?? null) === null)
    .map((field) => ({ field, problem: unknownValue(field, own(raw, field)) }));
  if (refusals.length > 0)
    throw refusalOf(refusals, [...remarks.all, ...ignored.map(({ problem: type }) => ({ type }))]);
  const slips = slipsAmong(custom.keys());
  return { identifier, creates, profile, custom, tokens, groups, remarks: remarks.all, ignored, blocked, slips };
}

/** Reads a part without which the object is refused. A problem is added to `refusals`. */
function attemptInto<T>(refusals: ObjectProblem[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ObjectProblem)) throw error;
    refusals.push(error);
    return undefined;
  }
}

/** All problems of a refused object, each once: a bad email that names the person is found twice. */
function refusalOf([first, ...others]: readonly ObjectProblem[], remarks: readonly Remark[]): ObjectRefusal {
  const problem = first ?? new ObjectProblem('is refused');
  const all = [...others.map(remarkOf), ...remarks];
  const seen = new Set([problem.message]);
  const once = all.filter((remark) => seen.size < seen.add(sentenceOf(remark)).size);
  return new ObjectRefusal(problem, once);
}

/** Whom the object is about. null: an anonymous person with its tokens. Throws ObjectProblem. */
function readAdmitted(
  raw: RawObject,
  tokens: readonly TokenChange[] | null,
  { workspace, remarks }: { workspace: WorkspaceCatalog; remarks: Remarks },
): Identifier | null {
  const identifier = readOwner(raw, tokens, remarks.all);
  refuseBlocked(identifier, workspace);
  return identifier;
}

function readOwner(
  raw: RawObject,
  tokens: readonly TokenChange[] | null,
  remarks: readonly Remark[],
): Identifier | null {
  const isImport = readSwitch(raw, 'push_token_import');
  if (isImport && (isGiven(own(raw, 'external_id')) || isGiven(own(raw, 'braze_id')))) {
    throw new CodedProblem(
      'BAD_PUSH_TOKEN_IMPORT',
      'push_token_import: expected neither external_id nor braze_id beside it',
    );
  }
  const identifier = readIdentifier(raw);
  if (identifier !== null) return identifier;
  if (!isImport) throw new ObjectProblem(missingIdentifier);
  if (tokens !== null && tokens.length > 0) return null;
  const [first = { type: 'push_token_import: expected push_tokens beside it' }] = remarks;
  throw new CodedProblem('BAD_PUSH_TOKEN_IMPORT', sentenceOf(first));
}

function readSwitch(raw: RawObject, key: string): boolean {
  const reading = readFlag(own(raw, key));
  if (!reading.ok) throw new ObjectProblem(`${key}: expected a boolean`);
  return reading.value ?? false;
}

function readTokens(value: unknown, workspace: WorkspaceCatalog, remarks: Remarks): TokenChange[] | null {
  if (value === null) return null;
  if (isEmpty(value)) return [];
  return readEach(value, tokenList, remarks, (raw, path) => {
    const app = coded('BAD_PUSH_TOKEN_APP_ID', () => readApp(own(raw, 'app_id'), `${path}.app_id`, workspace));
    return {
      appId: app.id,
      platform: app.platform,
      token: coded('BAD_PUSH_TOKEN_STRING', () => readToken(own(raw, 'token'), `${path}.token`, app.platform)),
      deviceId: coded('BAD_DEVICE_ID', () => readDeviceId(own(raw, 'device_id'), `${path}.device_id`)),
      ...(silent in raw && { isSilent: true as const }),
    };
  });
}

function readApp(value: unknown, path: string, workspace: WorkspaceCatalog): App {
  const app = workspace.apps.get(idKey(readName(value, path)));
  if (app === undefined) throw new ObjectProblem(`${path}: names no app of this workspace`);
  return app;
}

function readDeviceId(value: unknown, path: string): string | null {
  if (!isGiven(value)) return null;
  const id = readName(value, path);
  const bytes = Buffer.byteLength(id);
  const { least, most } = deviceIdBytes;
  if (bytes < least || bytes > most) throw new ObjectProblem(`${path}: expected ${least} to ${most} bytes`);
  return id;
}

/** The token in one form, whatever the spelling. That of a browser is its PushSubscription as JSON text. */
function readToken(value: unknown, path: string, platform: App['platform']): string {
  if (platform === 'ios') return canonicalAppleToken(readName(value, path, maxTokenBytes));
  // A blank around a token is from a file, and makes a second token of the same device.
  if (platform !== 'web') return readName(value, path, maxTokenBytes).trim();
  const reading = admitSubscription(readSubscriptionText(readName(value, path, 2 * maxTokenBytes)));
  if (!reading.ok) throw new ObjectProblem(`${path}: ${reading.problem}`);
  return readName(subscriptionToken(reading.subscription), path, maxTokenBytes);
}

function readGroups(value: unknown, workspace: WorkspaceCatalog, remarks: Remarks): GroupChange[] {
  if (isEmpty(value)) return [];
  return readEach(value, groupList, remarks, (raw, path) => {
    const id = own(raw, 'subscription_group_id');
    const asked = readFlag(own(raw, 'use_double_opt_in_logic'));
    return {
      groupId: coded('BAD_SUBSCRIPTION_GROUP_ID', () => readGroup(id, `${path}.subscription_group_id`, workspace)),
      state: coded('BAD_SUBSCRIPTION_GROUP_STATE', () => readGroupState(raw, `${path}.subscription_state`)),
      asksToConfirm: asked.ok && asked.value === true,
    };
  });
}

function readGroup(value: unknown, path: string, workspace: WorkspaceCatalog): string {
  const group = workspace.subscriptionGroups.get(idKey(readName(value, path)));
  if (group === undefined || group.archived) throw new ObjectProblem('Invalid subscription group ID');
  return group.id;
}

function readGroupState(raw: RawObject, path: string): GroupChange['state'] {
  const state = readShortText(own(raw, 'subscription_state'), path);
  if (state === 'subscribed' || state === 'unsubscribed') return state;
  throw new ObjectProblem(`${path}: expected subscribed or unsubscribed`);
}

interface ListOfObjects {
  member: string;
  most: number;
  notList: TrackCode;
  notObject: TrackCode;
}

const tokenList: ListOfObjects = {
  ...{ member: 'push_tokens', most: maxTokens },
  ...{ notList: 'BAD_PUSH_TOKEN_VALUE', notObject: 'BAD_PUSH_TOKEN_VALUE' },
};
const groupList: ListOfObjects = {
  ...{ member: 'subscription_groups', most: 450 },
  ...{ notList: 'BAD_SUBSCRIPTION_GROUP_ARRAY', notObject: 'BAD_SUBSCRIPTION_GROUP_HASH' },
};

/** Reads the objects of a list. Leaves out those that are wrong, and the whole list if it is none or too long. */
function readEach<T>(
  value: unknown,
  { member, most, notList, notObject }: ListOfObjects,
  remarks: Remarks,
  read: (raw: RawObject, path: string) => T,
): T[] {
  const items = remarks.keep(() => {
    const list: unknown = isObject(value) ? [value] : value;
    if (Array.isArray(list) && list.length <= most) return list as unknown[];
    throw new CodedProblem(notList, `${member}: expected an array of at most ${most} objects`);
  });
  return (items ?? []).flatMap((item, index) => {
    const path = elementPath(member, index);
    const one = remarks.keep(() => {
      if (isObject(item)) return { read: read(item, path) };
      throw new CodedProblem(notObject, `${path}: expected an object`);
    });
    return one === undefined ? [] : [one.read];
  });
}
