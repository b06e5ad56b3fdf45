import { encodingProblem } from '../../lib/encoding/url-encoding.ts';
import type { Sink } from '../../lib/raw/problems.ts';
import {
  checked,
  flag,
  integer,
  list,
  matching,
  maybe,
  object,
  oneOf,
  optional,
  type Read,
  refuse,
  required,
  type Shape,
  text,
} from '../../lib/raw/shape.ts';
import { targetProblem } from '../../net/allowed-target.ts';
import { keyText } from '../setting-shapes.ts';
import { type BccSettings, bccSection } from './bcc.ts';
import { type EmailEventSettings, eventSection } from './event-settings.ts';
import { dkimKeyProblem } from './mime/dkim-key.ts';
import { type RelayKind, relayKinds } from './smtp/relay-kind.ts';

/** A mail server that accepts our mails and delivers them. */
export interface SmtpRelay {
  /** The relay's name in verdicts and log lines. */
  name: string;
  /** The relay's smtp or smtps URL. It may hold a password. */
  url: string;
  /** Whose service it is, which says how the extras of a mail are handed over. Absent: its host says so. */
  kind?: RelayKind | undefined;
  /** Share of the mails beside the weights of the others. Absent: none while any relay has a weight. */
  weight?: number | undefined;
}

/** A key with which we sign mails from a domain. */
export interface DkimKey {
  /** The domain in lower case. Mails from it and from the domains below it are signed. */
  domain: string;
  /** The key's public half is in the TXT record `<selector>._domainkey.<domain>`. */
  selector: string;
  /** The private RSA key, as PEM. */
  key: string;
}

/** A user and password that attachments and connected content may be fetched with. */
export interface FileCredential {
  name: string;
  username: string;
  password: string;
}

/** A workspace's settings for mail. */
export interface EmailSettings {
  /** The sender of mails that name none. null: every mail must name its own. */
  defaultFrom: string | null;
  /** Relays in the order of preference, which weights may change. null: mails go to the sandbox. */
  smtp: readonly SmtpRelay[] | null;
  /** Adds List-Unsubscribe and its one-click form to every mail. */
  listUnsubscribe: boolean;
  /** Who may get copies of mails. null: nobody. */
  bcc: BccSettings | null;
  footer: string | null;
  /** Moves CSS into the elements of mails that do not say themselves whether to. */
  inlineCss: boolean;
  dkim: readonly DkimKey[];
  attachments: AttachmentSettings;
  /** The domain to which bounce mails go. null: they go to the sender. */
  returnPath: string | null;
  /** Services whose events are taken in, and how they prove themselves. */
  events: EmailEventSettings;
}

export interface AttachmentSettings {
  /** Targets that attachments may be fetched from although they are not public. */
  allow: readonly string[];
  credentials: readonly FileCredential[];
}

const MOST_RELAYS = 10;
const MOST_KEYS = 100;

/** What other programs say of a relay one by one. */
const inUrl = Object.fromEntries(
  ['host', 'port', 'user', 'username', 'pass', 'password', 'secure', 'tls', 'auth'].map((name) => [
    name,
    'url says it all: smtp://user:password@host:587, or smtps:// with TLS from the start',
  ]),
);

const relay = object(
  {
    name: optional(text({ max: 100 }), null),
    url: required(checked(text({ max: 2_048 }), smtpProblem)),
    kind: maybe(oneOf(relayKinds)),
    weight: maybe(integer(1, 1_000)),
  },
  inUrl,
);

/** One relay, or several in the order of preference. */
const relays: Shape<SmtpRelay[]> = (value, path, problems) => {
  const isList = Array.isArray(value);
  const read = isList ? list(relay, MOST_RELAYS)(value, path, problems) : asList(relay(value, path, problems));
  if (read === undefined) return undefined;
  if (read.length === 0) return refuse(problems, path, 'expected at least one relay');
  const named = read.map((one) => ({ ...one, name: one.name ?? relayName(one.url) }));
  return withoutRepeated(named, 'name', 'another relay has this name already', path, problems);
};

const domain = lowerCased(
  matching(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/i, 'a domain such as acme.test'),
);

const dkimKey = object({
  domain: required(domain),
  selector: required(
    matching(
      /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i,
      'a selector such as cresset',
    ),
  ),
  key: required(keyText(dkimKeyProblem)),
});

/** One key of each domain. */
const dkimKeys: Shape<DkimKey[]> = (value, path, problems) => {
  const read = list(dkimKey, MOST_KEYS)(value, path, problems);
  return read && withoutRepeated(read, 'domain', 'another key is for this domain already', path, problems);
};

const credential = object({
  name: required(matching(/^[\w.-]{1,100}$/, 'a name of letters, digits, dots and hyphens')),
  username: required(checked(text(), (value) => (value.includes(':') ? 'must not hold a colon' : null))),
  password: required(text({ max: 1_000 })),
});

/** Users and passwords that files and answers may be fetched with, each with a name. */
export const credentials: Shape<FileCredential[]> = (value, path, problems) => {
  const read = list(credential, 1_000)(value, path, problems);
  return read && withoutRepeated(read, 'name', 'another credential has this name already', path, problems);
};

const attachments = object({
  allow: optional(list(checked(text(), targetProblem), 1_000), []),
  credentials: optional(credentials, []),
});

/** The section `email` of the workspace file. */
const others = {
  ...Object.fromEntries(['from', 'sender', 'from_email', 'from_address'].map((name) => [name, 'default_from'])),
  ...Object.fromEntries(['relay', 'relays', 'server', 'host', 'url'].map((name) => [name, 'smtp'])),
};

export const emailSection = object(
  {
    default_from: optional(
      matching(/^[^<>@]*<[^<>\s@]+@[^<>\s@]+>$|^[^<>\s@]+@[^<>\s@]+$/, 'an address such as "Acme <hello@acme.test>"'),
      null,
    ),
    smtp: optional(relays, null),
    list_unsubscribe: optional(flag, false),
    bcc: optional(bccSection, null),
    footer: optional(text({ max: 100_000, multiline: true }), null),
    inline_css: optional(flag, null),
    dkim: optional(dkimKeys, null),
    attachments: optional(attachments, null),
    return_path: optional(domain, null),
    events: optional(eventSection, null),
  },
  others,
);

/** Members of the section that are encrypted in the database, because they hold secrets. */
export const sealedEmailMembers = ['smtp', 'dkim', 'attachments', 'events'] as const satisfies (keyof Read<
  typeof emailSection
>)[];

export function emailSettings(section: Read<typeof emailSection>): EmailSettings {
  return {
    defaultFrom: section.default_from,
    smtp: section.smtp,
    listUnsubscribe: section.list_unsubscribe,
    bcc: section.bcc ?? null,
    footer: section.footer,
    inlineCss: section.inline_css ?? false,
    dkim: section.dkim ?? [],
    attachments: section.attachments ?? { allow: [], credentials: [] },
    returnPath: section.return_path,
    events: section.events ?? {},
  };
}

/** The settings of a workspace that has none for mail. */
export const noEmailSettings: EmailSettings = {
  defaultFrom: null,
  smtp: null,
  listUnsubscribe: false,
  bcc: null,
  footer: null,
  inlineCss: false,
  dkim: [],
  attachments: { allow: [], credentials: [] },
  returnPath: null,
  events: {},
};

/** The name of a relay without a given one: its host and port, without user and password. */
function relayName(url: string): string {
  return new URL(url).host;
}

/** Refuses a list in which two entries have the same value of `member`. */
function withoutRepeated<T extends object>(
  read: T[],
  member: keyof T & string,
  problem: string,
  path: string,
  problems: Sink,
): T[] | undefined {
  const repeated = read.flatMap((one, at) =>
    read.findIndex((other) => other[member] === one[member]) < at ? [at] : [],
  );
  for (const at of repeated) refuse(problems, `${path}[${at}].${member}`, problem);
  return repeated.length === 0 ? read : undefined;
}

function lowerCased(shape: Shape<string>): Shape<string> {
  return (value, path, problems) => shape(value, path, problems)?.toLowerCase();
}

function asList<T>(value: T | undefined): T[] | undefined {
  return value === undefined ? undefined : [value];
}

function smtpProblem(value: string): string | null {
  const encoding = encodingProblem(value);
  if (encoding !== null) return encoding;
  const url = URL.canParse(value) ? new URL(value) : null;
  const good = url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== '';
  return good ? null : 'expected a URL such as smtp://user:password@relay.test:587 or smtps://…';
}
