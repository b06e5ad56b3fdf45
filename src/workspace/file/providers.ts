import { createECDH, createPrivateKey } from 'node:crypto';
import { targetProblem } from '../../lib/allow-list.ts';
import {
  checked,
  flag,
  integer,
  isPlainObject,
  list,
  type Member,
  matching,
  object,
  oneOf,
  optional,
  required,
  type Shape,
  text,
} from '../../lib/shape.ts';
import type { App, Provider, ProviderKind, SubscriptionGroup } from '../catalog.ts';

const baseUrl = checked(text({ max: 2_048 }), (value) => {
  const good = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
  return good ? null : 'expected a URL that starts with http:// or https://';
});
const pem = text({ max: 20_000, multiline: true });
const absent = null;
/** Where the provider's quota is not the published one. */
const callsPerMinute = asSetting(integer(1, 100_000_000));

const apns = object({
  team_id: required(text()),
  key_id: required(text()),
  key: required(checked(pem, apnsKeyProblem)),
  topic: required(text()),
  environment: optional(oneOf(['production', 'development']), absent),
  base_url: optional(baseUrl, absent),
  base_url_development: optional(baseUrl, absent),
  calls_per_minute: optional(callsPerMinute, absent),
});
const fcm = object({
  service_account: required(checked(pem, serviceAccountProblem)),
  payload_style: optional(oneOf(['data', 'notification']), absent),
  notification_channel_id: optional(text(), absent),
  base_url: optional(baseUrl, absent),
  token_url: optional(baseUrl, absent),
  calls_per_minute: optional(asSetting(integer(1, 100_000_000)), absent),
});
const adm = object({
  client_id: required(text()),
  client_secret: required(text()),
  base_url: optional(baseUrl, absent),
  token_url: optional(baseUrl, absent),
  expires_after: optional(asSetting(integer(60, 2_678_400)), absent),
  calls_per_minute: optional(callsPerMinute, absent),
});
const hostPattern = matching(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'a host such as push.example.com or *.example.com');
const vapidMembers = object({
  subject: required(matching(/^(mailto:.+@.+|https:\/\/.+)$/, 'a URL that starts with mailto: or https://')),
  public_key: required(matching(/^[\w-]{86,87}=?$/, 'an uncompressed P-256 point in base64url (87 characters)')),
  private_key: required(matching(/^[\w-]{43}=?$/, 'a P-256 private key in base64url (43 characters)')),
  push_services: optional(asSetting(list(hostPattern, 100)), absent),
  allow_hosts: optional(asSetting(list(checked(text(), targetProblem), 100)), absent),
  identity_key: optional(checked(text({ max: 1_024 }), identityKeyProblem), absent),
  trust_external_id: optional(asSetting(flag), absent),
  calls_per_minute: optional(callsPerMinute, absent),
});
const vapid: typeof vapidMembers = (value, path, problems) => {
  const read = vapidMembers(value, path, problems);
  if (read === undefined || isKeyPair(read.public_key, read.private_key)) return read;
  problems.push(`${path}.public_key: does not belong to the private_key`);
  return undefined;
};
const twilioMembers = object({
  account_sid: required(text()),
  auth_token: required(text()),
  from: optional(
    matching(/^(\+[1-9]\d{6,14}|[A-Za-z0-9 ]{1,11}|\d{3,8})$/, 'a number such as +15550100 or a sender name'),
    absent,
  ),
  messaging_service_sid: optional(text(), absent),
  base_url: optional(baseUrl, absent),
});
const twilio: typeof twilioMembers = (value, path, problems) => {
  const read = twilioMembers(value, path, problems);
  if (read === undefined || (read.from === null) !== (read.messaging_service_sid === null)) return read;
  problems.push(`${path}: expected either from or messaging_service_sid`);
  return undefined;
};
const whatsappCloud = object({
  phone_number_id: required(matching(/^\d{1,32}$/, 'a number of digits, as a text')),
  access_token: required(text({ max: 4_096 })),
  version: optional(matching(/^v\d{1,3}\.\d{1,2}$/, 'a version such as v23.0'), absent),
  base_url: optional(baseUrl, absent),
});

type Settings = Readonly<Record<string, string | null>>;
const shapes: Record<ProviderKind, Shape<Settings>> = { apns, fcm, adm, vapid, twilio, whatsapp_cloud: whatsappCloud };

/** Members that are sealed; the others may be shown to an operator. */
export const secretMembers: ReadonlySet<string> = new Set([
  'key',
  'service_account',
  'client_secret',
  'private_key',
  'identity_key',
  'auth_token',
  'access_token',
]);

const ofPlatform: Record<App['platform'], ProviderKind> = { ios: 'apns', android: 'fcm', kindle: 'adm', web: 'vapid' };
const ofChannel: Record<SubscriptionGroup['channel'], ProviderKind | null> = {
  email: null,
  sms: 'twilio',
  whats_app: 'whatsapp_cloud',
};

type ProviderMembers<K extends ProviderKind> = { [Kind in K]: Member<Provider | null> };

/** One optional member per provider, to be spread into the members of an app or group. */
export function providerMembers<K extends ProviderKind>(...kinds: readonly K[]): ProviderMembers<K> {
  const members = kinds.map((kind) => [kind, optional(providerShape(kind), null)]);
  return Object.fromEntries(members) as ProviderMembers<K>;
}

function providerShape(kind: ProviderKind): Shape<Provider> {
  return (value, path, problems) => {
    const read = shapes[kind](value, path, problems);
    if (read === undefined) return undefined;
    const settings = Object.entries(read).filter((entry): entry is [string, string] => entry[1] !== null);
    return { kind, settings: Object.fromEntries(settings) };
  };
}

/** What is wrong with having these providers on this platform or channel. */
export function misplacedProviders(
  where: App['platform'] | SubscriptionGroup['channel'],
  given: ProviderKind[],
): string[] {
  const fitting = { ...ofPlatform, ...ofChannel }[where];
  return given.filter((kind) => kind !== fitting).map((kind) => `${kind}: does not fit ${where}`);
}

/** Settings are texts: a list is joined with commas, which none of its entries holds. */
function asSetting<T>(shape: Shape<T>): Shape<string> {
  return (value, path, problems) => {
    const read = shape(value, path, problems);
    return read === undefined ? undefined : String(read);
  };
}

function identityKeyProblem(value: string): string | null {
  return Buffer.byteLength(value) >= 32 ? null : 'expected at least 32 characters';
}

function apnsKeyProblem(value: string): string | null {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(value);
    if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return null;
  } catch {
    return 'expected the text of the .p8 file from Apple';
  }
  return 'expected a P-256 key, as in the .p8 file from Apple';
}

function serviceAccountProblem(value: string): string | null {
  const members = ['project_id', 'client_email', 'private_key'];
  const account = parseJson(value);
  if (!isPlainObject(account)) return 'expected the text of the JSON key file from Google';
  const missing = members.filter((name) => typeof account[name] !== 'string');
  if (missing.length > 0) return `the JSON key file lacks ${missing.join(', ')}`;
  try {
    const { asymmetricKeyType } = createPrivateKey(String(account.private_key));
    return asymmetricKeyType === 'rsa' ? null : 'its private_key is no RSA key';
  } catch {
    return 'its private_key is no private key';
  }
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function isKeyPair(publicKey: string, privateKey: string): boolean {
  const pair = createECDH('prime256v1');
  try {
    pair.setPrivateKey(Buffer.from(privateKey, 'base64url'));
    return pair.getPublicKey().equals(Buffer.from(publicKey, 'base64url'));
  } catch {
    return false;
  }
}
