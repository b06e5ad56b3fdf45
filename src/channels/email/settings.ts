import {
  checked,
  flag,
  list,
  matching,
  object,
  optional,
  type Read,
  refuse,
  required,
  type Shape,
  text,
} from '../../lib/raw/shape.ts';

/** A mail server that accepts our mails and delivers them. */
export interface SmtpRelay {
  /** The relay's name in verdicts and log lines. */
  name: string;
  /** The relay's smtp or smtps URL. It may hold a password. */
  url: string;
}

/** A workspace's settings for mail. */
export interface EmailSettings {
  /** The sender of mails that name none. null: every mail must name its own. */
  defaultFrom: string | null;
  /** Relays in the order of preference. null: mails go to the sandbox. */
  smtp: readonly SmtpRelay[] | null;
  /** Adds List-Unsubscribe and its one-click form to every mail. */
  listUnsubscribe: boolean;
  footer: string | null;
}

const MOST_RELAYS = 10;

const relay = object({
  name: optional(text({ max: 100 }), null),
  url: required(checked(text({ max: 2_048 }), smtpProblem)),
});

/** One relay, or several in the order of preference. */
export const relays: Shape<SmtpRelay[]> = (value, path, problems) => {
  const isList = Array.isArray(value);
  const read = isList ? list(relay, MOST_RELAYS)(value, path, problems) : asList(relay(value, path, problems));
  if (read === undefined) return undefined;
  if (read.length === 0) return refuse(problems, path, 'expected at least one relay');
  const named = read.map(({ name, url }) => ({ name: name ?? relayName(url), url }));
  const repeated = named.flatMap(({ name }, at) => (named.findIndex((one) => one.name === name) < at ? [at] : []));
  for (const at of repeated) refuse(problems, `${path}[${at}].name`, 'another relay has this name already');
  return repeated.length === 0 ? named : undefined;
};

/** The section `email` of the workspace file. */
export const emailSection = object({
  default_from: optional(
    matching(/^[^<>@]*<[^<>\s@]+@[^<>\s@]+>$|^[^<>\s@]+@[^<>\s@]+$/, 'an address such as "Acme <hello@acme.test>"'),
    null,
  ),
  smtp: optional(relays, null),
  list_unsubscribe: optional(flag, false),
  footer: optional(text({ max: 100_000, multiline: true }), null),
});

export function emailSettings(section: Read<typeof emailSection>): EmailSettings {
  return {
    defaultFrom: section.default_from,
    smtp: section.smtp,
    listUnsubscribe: section.list_unsubscribe,
    footer: section.footer,
  };
}

/** The name of a relay without a given one: its host and port, without user and password. */
export function relayName(url: string): string {
  return new URL(url).host;
}

function asList<T>(value: T | undefined): T[] | undefined {
  return value === undefined ? undefined : [value];
}

function smtpProblem(value: string): string | null {
  const url = URL.canParse(value) ? new URL(value) : null;
  const good = url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== '';
  return good ? null : 'expected a URL such as smtp://user:password@relay.test:587 or smtps://…';
}
