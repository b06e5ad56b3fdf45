// Whatever sees a caller's or a provider's text takes time that grows with the text, not with its square: messages of
// every channel, people, audiences, imports, mails and answers of providers. Templates: src/templating/linear.test.ts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { boundedMatches, TooMuchWork } from '../src/audience/evaluate/matches.ts';
import { parseAudience } from '../src/audience/grammar/parse.ts';
import { PatternError, readPattern } from '../src/audience/grammar/pattern.ts';
import { readReply as readFcm } from '../src/channels/android-push/providers/fcm.ts';
import { readReply as readApns } from '../src/channels/apple-push/providers/apns.ts';
import { type ChannelKey, channelKeys, type RenderFacts } from '../src/channels/channel.ts';
import { buildMime } from '../src/channels/email/mime/mime.ts';
import type { RenderedEmail } from '../src/channels/email/rendered.ts';
import { readFailure } from '../src/channels/email/smtp/smtp-reply.ts';
import { channels } from '../src/channels/index.ts';
import { readReply as readWebPush } from '../src/channels/web-push/providers/push-service.ts';
import { readSubscriptionText } from '../src/channels/web-push/subscription.ts';
import { plainText } from '../src/db/plain-text.ts';
import { readSendRequest } from '../src/dispatch/accept/request.ts';
import { RequestError } from '../src/errors.ts';
import { parseBody } from '../src/http/body/body.ts';
import { isEmailAddress, readMailbox } from '../src/lib/email-address.ts';
import { readDate, readFlag, readFloat, readInteger } from '../src/lib/raw/lenient.ts';
import { ObjectProblem, Problems } from '../src/lib/raw/problems.ts';
import { readStoredTime } from '../src/lib/time/times.ts';
import { readTimeZone } from '../src/lib/time/zone-names.ts';
import { readRetryAfter } from '../src/net/retry-after.ts';
import { Columns, plainCsv } from '../src/people/import/columns.ts';
import { ImportFileError } from '../src/people/import/entry.ts';
import { readPhone } from '../src/people/profile/contact.ts';
import { readCountry, readLanguage } from '../src/people/profile/countries-and-languages.ts';
import { readEvent, readPurchase } from '../src/people/track/activities.ts';
import { canonicalAppleToken } from '../src/people/track/apple-token.ts';
import { readAttributes } from '../src/people/track/attributes.ts';
import { RenderStop } from '../src/templating/render-stop.ts';
import type { WorkspaceCatalog } from '../src/workspace/catalog.ts';
import { assertLinear } from './support/linear.ts';

const now = new Date('2026-03-15T12:00:00Z');
const SIZE = 4_000;

/** Texts for which a pattern with two ways to read the same character, or a search from each start, has the most to do. */
const pieces = [
  ...[' ', '\t', '\n', 'a', '1', '-', '.', '@', 'ä', '😀', '"', "'", '\\', '<', '>', '(', ')', '[', '[]', '{"a":'],
  ...['=', '&', 'a=1&', ';', ':', 'a:', '/', '//', '../', '%', '%41', '#', '?', '+', '1.', 'a.', 'a@', 'a b '],
  ...[
    '<a ',
    '<a href="',
    "<a href='x'>",
    '<body',
    '<body ',
    '<style>',
    '</style ',
    '<!--',
    '-->',
    '<li',
    '&amp',
    '&#1',
  ],
  ...['"\\', '=?utf-8?B?', '<a@b.test>', 'Acme ', ', ', 'https://', 'b'.repeat(30)],
];
const texts = pieces.flatMap((piece): [name: string, make: (n: number) => string][] => {
  const repeated = (n: number) => piece.repeat(Math.ceil(n / piece.length));
  return [
    [`${JSON.stringify(piece)} repeated`, repeated],
    [`${JSON.stringify(piece)} repeated in "a…!"`, (n) => `a${repeated(n)}!`],
    [`${JSON.stringify(piece)} repeated after '"'`, (n) => `"${repeated(n)}`],
  ];
});

/** What a text may be refused with. */
function mayRefuse(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    const kinds = [RequestError, ObjectProblem, RenderStop, ImportFileError, PatternError, TooMuchWork];
    if (!kinds.some((kind) => error instanceof kind)) throw error;
  }
}

function assertLinearForTexts(name: string, read: (text: string) => unknown): void {
  for (const [what, make] of texts)
    assertLinear(`${name} with ${what}`, SIZE, (n) => {
      const text = make(n);
      return () => mayRefuse(() => read(text));
    });
}

type Json = Record<string, unknown>;
const push = { title: 'HERE', custom_uri: 'HERE', sound: 'HERE', collapse_key: 'HERE', extra: { a: 'HERE' } };
const buttons = [{ text: 'HERE', action: 'URI', uri: 'HERE' }];

/** For each channel, messages in which each HERE may be any text. The other members are good. */
const messages: Record<ChannelKey, Json[]> = {
  android_push: [
    { ...push, alert: 'HERE', buttons, push_icon_image_url: 'HERE', summary_text: 'HERE', time_to_live: 'HERE' },
    { ...push, alert: 'a', accent_color: 'HERE', android_priority: 'HERE', use_webview: 'HERE' },
  ],
  apple_push: [
    { ...push, alert: { title: 'HERE', body: 'HERE' }, badge: 'HERE', relevance_score: 'HERE', expiry: 'HERE' },
    { ...push, alert: 'HERE', collapse_id: 'HERE', asset_url: 'HERE', asset_file_type: 'png', category: 'HERE' },
  ],
  kindle_push: [{ ...push, alert: 'HERE' }],
  web_push: [{ ...push, alert: 'HERE', image_url: 'HERE', large_image_url: 'HERE', buttons }],
  email: [
    {
      ...{ app_id: 'x', from: 'HERE', reply_to: 'HERE', subject: 'HERE', body: 'HERE', preheader: 'HERE' },
      headers: { 'X-A': 'HERE', 'List-Id': 'HERE', References: 'HERE' },
      ...{ extras: { a: 'HERE' }, attachments: [{ file_name: 'HERE', url: 'HERE' }] },
    },
    { app_id: 'x', from: 'a@b.test', subject: 's', body: 'HERE' },
    { app_id: 'x', from: 'a@b.test', subject: 's', body: 'HERE', preheader: 'p', plaintext_body: 'HERE' },
  ],
  sms: [{ app_id: 'x', subscription_group_id: 'g', body: 'HERE', media_items: ['HERE'] }],
  whats_app: [
    ...[{ message_type: 'text_response_message', message: { body: 'HERE' } }],
    ...[{ message_type: 'text_image_response_message', message: { body: 'HERE', image_uri: 'HERE' } }],
    {
      message_type: 'template_message',
      message: { template_name: 'HERE', template_language_code: 'HERE', body_variables: { 0: 'HERE' } },
    },
  ].map((message) => ({ app_id: 'x', subscription_group_id: 'g', ...message })),
  webhook: [
    { url: 'HERE', request_method: 'HERE', body: 'HERE', request_headers: { 'X-A': 'HERE' } },
    { url: 'https://a.test/', request_method: 'POST', body: 'HERE' },
  ],
  content_card: [
    { type: 'CLASSIC', title: 'HERE', description: 'HERE', time_to_live: 'HERE', web_uri: 'HERE', uri_text: 'HERE' },
  ],
};

/** Copies of the message, each with the text in one place and another good one in the others. */
function filled(message: unknown, text: string): Json[] {
  const json = JSON.stringify(message);
  const parts = json.split('"HERE"');
  return parts.slice(1).map((_, place) => {
    const whole = parts.flatMap((part, index) => {
      if (index === 0) return [part];
      return [index === place + 1 ? JSON.stringify(text) : goodFor(parts[index - 1] ?? ''), part];
    });
    return JSON.parse(whole.join('')) as Json;
  });
}

function goodFor(before: string): string {
  if (/(ur[li]|_url)":$|media_items":\[$/.test(before)) return '"https://a.test/"';
  if (/"(from|reply_to)":$/.test(before)) return '"a@b.test"';
  if (before.endsWith('"request_method":')) return '"POST"';
  if (/"(badge|time_to_live|relevance_score|accent_color)":$/.test(before)) return '1';
  return /"(expiry|android_priority|use_webview)":$/.test(before) ? 'null' : '"a"';
}

const facts: RenderFacts = {
  ...{ now, timeZone: 'Europe/Berlin', dispatchId: 'd1' },
  ...{ campaignId: null, unsubscribeUrl: 'https://a.test/u', provider: null },
};

test('every text of every message is checked, composed and written in linear time', () => {
  for (const key of channelKeys)
    for (const message of messages[key])
      for (const [place] of filled(message, '').entries())
        assertLinearForTexts(`messages.${key}, place ${place} of ${JSON.stringify(message)}`, (text) => {
          const raw = filled(message, text)[place] ?? {};
          const parsed = channels[key].parse(raw, `messages.${key}`, new Problems(), now);
          if (parsed === null) return;
          // As if the text had come out of a template, which the check does not see.
          const rendered = channels[key].render(parsed, facts);
          if (key !== 'email') return;
          buildMime({ rendered: rendered as RenderedEmail, to: 'a@b.test', messageId: 'm@b.test', date: now });
        });
});

const settings = { users: {} };
const workspace = { id: 1, apps: new Map(), subscriptionGroups: new Map(), settings } as unknown as WorkspaceCatalog;
const reply = (text: string) => ({ status: 400, headers: {}, body: Buffer.from(text) });
const readers: Record<string, (text: string) => unknown> = {
  isEmailAddress,
  readMailbox,
  readPhone,
  readCountry,
  readLanguage,
  readTimeZone,
  readStoredTime,
  readFlag,
  readInteger,
  readFloat,
  readDate,
  canonicalAppleToken,
  readSubscriptionText,
  plainText,
  'a body': (text) => parseBody(Buffer.from(text)),
  'ids of a send': (text) =>
    readSendRequest({ external_user_ids: text, segment_id: text, broadcast: text, messages: {} }, new Problems()),
  'a custom attribute': (text) => readAttributes({ external_id: 'a', custom: text, [text]: 1 }, workspace),
  'nested attributes': (text) => readAttributes({ external_id: 'a', custom: { [text]: [text] } }, workspace),
  'fields of a profile': (text) =>
    readAttributes(
      { external_id: 'a', first_name: text, phone: text, dob: text, country: text, home_city: text, time_zone: text },
      workspace,
    ),
  'an alias': (text) => readAttributes({ user_alias: { alias_name: text, alias_label: text } }, workspace),
  'an email address': (text) => readAttributes({ email: text }, workspace),
  'an event': (text) => readEvent({ external_id: 'a', name: text, time: text, properties: { a: text } }, now),
  'a purchase': (text) => readPurchase({ external_id: 'a', product_id: text, currency: text, price: text }, now),
  'a filter': (text) =>
    parseAudience(
      { AND: [{ custom_attribute: { custom_attribute_name: text, comparison: 'before', value: text } }] },
      'a',
    ),
  'a path': (text) =>
    parseAudience(
      { nested_custom_attribute: { custom_attribute_name: 'a', path: text, comparison: 'equals', value: text } },
      'segment',
      { isSegment: true },
    ),
  'a pattern': (text) => readPattern(text),
  'a pattern that is tried': (text) => boundedMatches()(readPattern('(a|b)*c+ ?x{2,}'), text),
  'a cell of CSV': (text) => {
    const types = new Map([['n', 'number' as const]]);
    return new Columns(['external_id', 'n'], { ...plainCsv, types }).read(['a', text], 2);
  },
  'Retry-After': (text) => readRetryAfter(text, now),
  'an answer of FCM': (text) => readFcm(reply(JSON.stringify({ error: { status: text, message: text } })), now),
  'an answer of APNs': (text) =>
    readApns(reply(JSON.stringify({ reason: text })), { now, isTokenFresh: true } as unknown as Parameters<
      typeof readApns
    >[1]),
  'an answer of a push service': (text) => readWebPush({ ...reply(text), status: 403 }, now, 'a.test'),
  'an answer of a relay': (text) => readFailure({ responseCode: 550, response: `550 ${text}` }, false),
};

for (const [name, read] of Object.entries(readers))
  test(`reading ${name} takes linear time`, () => assertLinearForTexts(name, read));

const many = (n: number) => Array.from({ length: n }, (_, index) => `k${index}`);
const lists: Record<string, (names: string[]) => unknown> = {
  'members of an attributes object': (names) =>
    readAttributes({ external_id: 'a', ...Object.fromEntries(names.map((name) => [name, 1])) }, workspace),
  'elements to add and remove': (names) => readAttributes({ external_id: 'a', x: { add: names } }, workspace),
  'ids of a send': (names) => readSendRequest({ external_user_ids: names }, new Problems()),
  'unknown members of a send': (names) =>
    readSendRequest({ messages: Object.fromEntries(names.map((name) => [name, {}])) }, new Problems()),
  'headers of a mail': (names) =>
    channels.email.parse({ headers: Object.fromEntries(names.map((name) => [name, 'x'])) }, 'm', new Problems(), now),
  'headers of a webhook': (names) =>
    channels.webhook.parse(
      { request_headers: Object.fromEntries(names.map((name) => [name, 'x'])) },
      'm',
      new Problems(),
      now,
    ),
  'buttons of a push': (names) =>
    channels.web_push.parse({ buttons: names.map((text) => ({ text })) }, 'm', new Problems(), now),
  'filters of an audience': (names) =>
    parseAudience({ OR: names.map((name) => ({ custom_attribute: { custom_attribute_name: name } })) }, 'a'),
  'columns of CSV': (names) => new Columns(['external_id', ...names], plainCsv),
};

for (const [name, read] of Object.entries(lists))
  test(`reading many ${name} takes linear time`, () => {
    assertLinear(name, 2_500, (n) => {
      const names = many(n);
      return () => mayRefuse(() => read(names));
    });
  });

test('work that takes the square of its input is found', () => {
  const isLate = /^a*a*!$/;
  assert.throws(
    () => assertLinear('a pattern', 2_000, (n) => () => void isLate.test('a'.repeat(n))),
    /a pattern: twice the input takes [34]\.\d+ times as long/,
  );
});
