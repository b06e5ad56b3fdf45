import { admitSubscription, readSubscriptionText, subscriptionToken } from '../../channels/web-push/subscription.ts';
import { elementPath, isObject, memberPath, own, type RawObject } from '../../lib/json.ts';
import { isEmpty, isGiven, readFlag } from '../../lib/lenient.ts';
import { ObjectProblem } from '../../lib/problems.ts';
import { type App, idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import { type CustomChange, readCustomChange } from '../profile/custom-values.ts';
import { type Identifier, missingIdentifier, readCreates, readIdentifier } from '../profile/identifiers.ts';
import { type ProfileChange, profileFields } from '../profile/profile-fields.ts';
import { Remarks } from '../remarks.ts';
import { readName, readShortText } from '../stored-text.ts';
import { canonicalAppleToken } from './apple-token.ts';

export interface TokenChange {
  appId: string;
  platform: App['platform'];
  token: string;
  /** The device's id. null: the server makes one. */
  deviceId: string | null;
}

export interface GroupChange {
  groupId: string;
  state: 'subscribed' | 'unsubscribed';
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
  remarks: readonly string[];
}

/** Longest push token. An index row of PostgreSQL holds 2,704 bytes. */
const maxTokenBytes = 2_048;
const maxTokens = 100;

const notCustom = new Set([
  'external_id',
  'user_alias',
  'braze_id',
  'push_token_import',
  'push_tokens',
  'subscription_groups',
  '_update_existing_only',
  '_merge_objects',
]);

/**
 * Reads one object of `attributes`. Leaves out what is wrong. Throws ObjectProblem if the object does not name its
 * person, or if its email address or one of its switches is wrong. Source: adjacent-endpoints.md §2.1.
 */
export function readAttributes(raw: RawObject, workspace: WorkspaceCatalog): AttributesObject {
  const remarks = new Remarks();
  const tokens = readTokens(own(raw, 'push_tokens'), workspace, remarks);
  const identifier = readOwner(raw, tokens, remarks);
  const mergesObjects = readSwitch(raw, '_merge_objects');
  const profile: ProfileChange = { columns: {}, extras: new Map() };
  const custom = new Map<string, CustomChange>();
  for (const [key, value] of Object.entries(raw)) {
    if (notCustom.has(key)) continue;
    const read = profileFields.get(key);
    if (key === 'email') read?.(value, profile);
    else if (read !== undefined) remarks.keep(() => read(value, profile));
    else
      remarks.keep(() => custom.set(readCustomName(key), readCustomChange(value, memberPath('', key), mergesObjects)));
  }
  // A person named by an address keeps the spelling of the address in the profile.
  if (identifier?.kind === 'email') delete profile.columns.email;
  if (identifier?.kind === 'phone') delete profile.columns.phone;
  return {
    identifier,
    creates: identifier === null || readCreates(raw, identifier),
    profile,
    custom,
    tokens,
    groups: readGroups(own(raw, 'subscription_groups'), workspace, remarks),
    remarks: remarks.lines,
  };
}

function readCustomName(key: string): string {
  return readName(key, 'attribute name', 1_020);
}

function readOwner(raw: RawObject, tokens: readonly TokenChange[] | null, { lines }: Remarks): Identifier | null {
  const isImport = readSwitch(raw, 'push_token_import');
  if (isImport && (isGiven(own(raw, 'external_id')) || isGiven(own(raw, 'braze_id')))) {
    throw new ObjectProblem('push_token_import: expected neither external_id nor braze_id beside it');
  }
  const identifier = readIdentifier(raw);
  if (identifier !== null) return identifier;
  if (!isImport) throw new ObjectProblem(missingIdentifier);
  if (tokens === null || tokens.length === 0)
    throw new ObjectProblem(lines[0] ?? 'push_token_import: expected push_tokens beside it');
  return null;
}

function readSwitch(raw: RawObject, key: string): boolean {
  const reading = readFlag(own(raw, key));
  if (!reading.ok) throw new ObjectProblem(`${key}: expected a boolean`);
  return reading.value ?? false;
}

function readTokens(value: unknown, workspace: WorkspaceCatalog, remarks: Remarks): TokenChange[] | null {
  if (value === null) return null;
  if (isEmpty(value)) return [];
  return readEach(value, { member: 'push_tokens', most: maxTokens }, remarks, (raw, path) => {
    const app = workspace.apps.get(idKey(readName(own(raw, 'app_id'), `${path}.app_id`)));
    if (app === undefined) throw new ObjectProblem(`${path}.app_id: names no app of this workspace`);
    const deviceId = own(raw, 'device_id');
    return {
      appId: app.id,
      platform: app.platform,
      token: readToken(own(raw, 'token'), `${path}.token`, app.platform),
      deviceId: isGiven(deviceId) ? readName(deviceId, `${path}.device_id`) : null,
    };
  });
}

/** The token in one form, whatever the spelling. That of a browser is its PushSubscription as JSON text. */
function readToken(value: unknown, path: string, platform: App['platform']): string {
  if (platform === 'ios') return canonicalAppleToken(readName(value, path, maxTokenBytes));
  if (platform !== 'web') return readName(value, path, maxTokenBytes);
  const reading = admitSubscription(readSubscriptionText(readName(value, path, 2 * maxTokenBytes)));
  if (!reading.ok) throw new ObjectProblem(`${path}: ${reading.problem}`);
  return readName(subscriptionToken(reading.subscription), path, maxTokenBytes);
}

function readGroups(value: unknown, workspace: WorkspaceCatalog, remarks: Remarks): GroupChange[] {
  if (isEmpty(value)) return [];
  return readEach(value, { member: 'subscription_groups', most: 450 }, remarks, (raw, path) => {
    const group = workspace.subscriptionGroups.get(
      idKey(readName(own(raw, 'subscription_group_id'), `${path}.subscription_group_id`)),
    );
    if (group === undefined || group.archived) throw new ObjectProblem('Invalid subscription group ID');
    const state = readShortText(own(raw, 'subscription_state'), `${path}.subscription_state`);
    if (state !== 'subscribed' && state !== 'unsubscribed') {
      throw new ObjectProblem(`${path}.subscription_state: expected subscribed or unsubscribed`);
    }
    return { groupId: group.id, state };
  });
}

/** Reads the objects of a list. Leaves out those that are wrong, and the whole list if it is none or too long. */
function readEach<T>(
  value: unknown,
  { member, most }: { member: string; most: number },
  remarks: Remarks,
  read: (raw: RawObject, path: string) => T,
): T[] {
  const list: unknown = isObject(value) ? [value] : value;
  if (!Array.isArray(list) || list.length > most) {
    remarks.add(`${member}: expected an array of at most ${most} objects`);
    return [];
  }
  return list.flatMap((item: unknown, index) => {
    const path = elementPath(member, index);
    const one = remarks.keep(() => {
      if (isObject(item)) return { read: read(item, path) };
      throw new ObjectProblem(`${path}: expected an object`);
    });
    return one === undefined ? [] : [one.read];
  });
}
