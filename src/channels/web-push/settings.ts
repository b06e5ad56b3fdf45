import { createECDH } from 'node:crypto';
import { isEmailAddress } from '../../lib/email-address.ts';
import {
  checked,
  flag,
  list,
  matching,
  maybe,
  object,
  type Read,
  refuse,
  required,
  text,
} from '../../lib/raw/shape.ts';
import { targetProblem } from '../../net/allowed-target.ts';
import type { ProviderDefinition } from '../provider.ts';
import { callsPerMinute } from '../setting-shapes.ts';

const hostPattern = matching(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'a host such as push.example.com or *.example.com');

const members = object({
  subject: required(checked(text({ max: 1_024 }), subjectProblem)),
  public_key: required(matching(/^[\w-]{86,87}=?$/, 'an uncompressed P-256 point in base64url (87 characters)')),
  private_key: required(matching(/^[\w-]{43}=?$/, 'a P-256 private key in base64url (43 characters)')),
  push_services: maybe(list(hostPattern, 100)),
  allow_hosts: maybe(list(checked(text(), targetProblem), 100)),
  identity_key: maybe(checked(text({ max: 1_024 }), identityKeyProblem)),
  trust_external_id: maybe(flag),
  calls_per_minute: maybe(callsPerMinute),
});

const settings: typeof members = (value, path, problems) => {
  const read = members(value, path, problems);
  if (read === undefined || isKeyPair(read.public_key, read.private_key)) return read;
  return refuse(problems, `${path}.public_key`, 'does not belong to the private_key');
};

/** One web app's keys for browsers' push services, the hosts it may call, and what its pages may do. */
export type VapidSettings = Read<typeof settings>;

export const vapid: ProviderDefinition<VapidSettings> = {
  settings,
  secrets: ['private_key', 'identity_key'],
  fits: 'web',
  callsPerMinute: null,
};

/** Push services refuse a contact that nobody outside can reach. Source: RFC 8292 §2.1. */
export function subjectProblem(value: string): string | null {
  if (!/^(mailto:|https:\/\/)/.test(value)) return 'expected a URL that starts with mailto: or https://';
  const mailbox = /^mailto:([\x21-\x7e]+)$/.exec(value)?.[1];
  const host = value.startsWith('https:') && URL.canParse(value) ? new URL(value).hostname : '';
  return isEmailAddress(mailbox ?? `contact@${host}`) ? null : 'expected an address or host in a public domain';
}

function identityKeyProblem(value: string): string | null {
  return Buffer.byteLength(value) >= 32 ? null : 'expected at least 32 characters';
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
