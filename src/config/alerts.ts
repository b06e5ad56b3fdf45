import { isEmailAddress } from '../lib/email-address.ts';
import { integer, matching, url, type Variable } from './variable.ts';

/** Who is told what is wrong. */
export interface AlertConfig {
  /** URL that gets a POST. null: none does. */
  alertWebhook: string | null;
  /** Signs these posts: `whsec_` and the base64 of the key's bytes. null: they are not signed. */
  alertWebhookSecret: string | null;
  alertMailTo: readonly string[];
  alertMailFrom: string | null;
  /** URL of the relay of these mails, which may hold a password. */
  alertMailRelay: string | null;
  /** Time for which a trouble that was told is not told again, in seconds. */
  alertPauseS: number;
}

export const alertVariables: { [K in keyof AlertConfig]: Variable<AlertConfig[K]> } = {
  alertWebhook: {
    name: 'CRESSET_ALERT_WEBHOOK',
    fallback: null,
    shownFallback: 'unset: none',
    expected: 'a URL that starts with http:// or https://, without user and password',
    meaning:
      'A URL that is told, by a POST of JSON, when something goes wrong that the home of the console shows, and when it is over. See [operations.md](operations.md#alerts).',
    read: readWebhook,
  },
  alertWebhookSecret: {
    name: 'CRESSET_ALERT_WEBHOOK_SECRET',
    fallback: null,
    shownFallback: 'unset: not signed',
    expected: 'whsec_ and the base64 of 24 to 64 bytes, for example from: echo whsec_$(openssl rand -base64 32)',
    meaning: 'Signs these requests, as webhooks of events are signed.',
    read: readSecret,
  },
  alertMailTo: {
    name: 'CRESSET_ALERT_MAIL_TO',
    fallback: [],
    shownFallback: 'unset: none',
    expected: 'a comma-separated list of 1 to 20 email addresses',
    meaning: 'Who is told the same by mail. It needs `CRESSET_ALERT_MAIL_FROM` and `CRESSET_ALERT_MAIL_RELAY`.',
    read: readAddresses,
  },
  alertMailFrom: {
    name: 'CRESSET_ALERT_MAIL_FROM',
    fallback: null,
    shownFallback: 'unset',
    expected: 'an email address',
    meaning: 'The sender of these mails.',
    read: (text) => (isEmailAddress(text) ? text : undefined),
  },
  alertMailRelay: {
    name: 'CRESSET_ALERT_MAIL_RELAY',
    fallback: null,
    shownFallback: 'unset',
    expected: 'a URL that starts with smtp:// or smtps://',
    meaning:
      'The relay of these mails, such as `smtp://user:password@mail.example.com:587`. Better another one than those that send messages: then a mail can tell that they are down.',
    read: url(['smtp:', 'smtps:']),
  },
  alertPauseS: {
    name: 'CRESSET_ALERT_PAUSE',
    fallback: 1_800,
    shownFallback: '`1800` (30 minutes)',
    expected: 'a number of seconds from 60 to 604800',
    meaning: 'A trouble that comes and goes is told at most once in this time.',
    read: integer(60, 604_800),
  },
};

/** What does not fit together. */
export function alertProblems({ alertMailTo, alertMailFrom, alertMailRelay, ...rest }: AlertConfig): string[] {
  const { alertMailTo: to, alertMailFrom: from, alertMailRelay: relay } = alertVariables;
  const given = [alertMailTo.length > 0, alertMailFrom !== null, alertMailRelay !== null];
  const isMixed = new Set(given).size > 1;
  return [
    ...(isMixed ? [`${to.name}, ${from.name} and ${relay.name}: expected all of them or none`] : []),
    ...(rest.alertWebhook === null && rest.alertWebhookSecret !== null
      ? [`${alertVariables.alertWebhookSecret.name}: expected with ${alertVariables.alertWebhook.name}`]
      : []),
  ];
}

function readWebhook(text: string): string | undefined {
  if (text.length > 2_000 || url(['http:', 'https:'])(text) === undefined) return undefined;
  const { username, password } = new URL(text);
  return username + password === '' ? text : undefined;
}

function readSecret(text: string): string | undefined {
  const found = matching(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/)(text);
  if (found === undefined) return undefined;
  const { length } = Buffer.from(found.slice('whsec_'.length), 'base64');
  return length >= 24 && length <= 64 ? found : undefined;
}

const MOST_ADDRESSES = 20;

function readAddresses(text: string): readonly string[] | undefined {
  const addresses = text.split(',').map((address) => address.trim());
  return addresses.length <= MOST_ADDRESSES && addresses.every(isEmailAddress) ? addresses : undefined;
}
