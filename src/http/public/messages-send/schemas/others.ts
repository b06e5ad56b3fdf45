import { cardTypes, MAX_TTL_S } from '../../../../channels/content-card/schema.ts';
import { MOST as MOST_ATTACHMENTS } from '../../../../channels/email/attachments/schema.ts';
import { MAX_EXTRAS_BYTES, NO_REPLY_TO } from '../../../../channels/email/schema.ts';
import { MOST_MEDIA } from '../../../../channels/sms/schema.ts';
import { MAX_CHARACTERS } from '../../../../channels/sms/text/length.ts';
import { methods } from '../../../../channels/webhook/schema.ts';
import { exampleIds } from '../../../openapi/example-ids.ts';
import {
  either,
  flag,
  given,
  integer,
  like,
  list,
  type Members,
  map,
  oneOf,
  required,
  type Schema,
  text,
  time,
} from '../../../openapi/schema.ts';
import { appUri, variation, webUrl } from './shared.ts';

/** Files of a mail. */
export const attachments: Schema = list(
  given({
    file_name: required(text('Name of the file.')),
    url: required(webUrl),
    basic_auth_credential: text('Name of a credential of the workspace.'),
  }),
  'Files of mails, of 10 MiB together.',
  MOST_ATTACHMENTS,
);

export const appId = like(exampleIds.app, text('Id of an app of this workspace.'));

const email: Members = {
  app_id: required(appId),
  subject: text('The subject, in one line.'),
  from: like('Acme <hello@example.com>', text('The sender. Default: that of the workspace.')),
  reply_to: like('help@example.com', text(`An address, or \`${NO_REPLY_TO}\`.`)),
  body: text('The HTML. Required unless `email_template_id` is given.'),
  plaintext_body: text('The text. Default: made of the HTML.'),
  preheader: text('What a mail program shows beside the subject.'),
  email_template_id: text('Id of a stored template, whose texts count where this object has none.'),
  message_variation_id: variation,
  extras: map(null, `Data for the mail service, at most ${MAX_EXTRAS_BYTES} bytes.`),
  headers: map(text(), 'More headers of the mail.'),
  should_inline_css: flag('Whether the rules of style sheets become attributes.'),
  bcc: text('Who gets a copy: one of the addresses of `email.bcc` in the workspace file. No template.'),
  attachments,
};

const sms: Members = {
  subscription_group_id: required(like(exampleIds.smsGroup, text('Only members of this group get it.'))),
  body: required(text(`The text, of at most ${MAX_CHARACTERS} characters.`)),
  app_id: required(appId),
  message_variation_id: variation,
  media_items: either(
    'A URL, `{"url": …}`, or a list of them.',
    list(either('A URL.', webUrl, given({ url: required(webUrl) })), undefined, MOST_MEDIA),
    webUrl,
    given({ url: required(webUrl) }),
  ),
  link_shortening_enabled: flag('Not done by this server.'),
  user_click_tracking_enabled: flag('Not done by this server.'),
};

const webhook: Members = {
  url: required(like('https://example.com/hook', text('An http or https URL.'))),
  request_method: required(oneOf(methods, 'In any letter case.')),
  request_headers: map(text(), 'Headers.'),
  body: either('A text, or JSON whose texts may be templates.', text(), map(), list({})),
  message_variation_id: variation,
};

const contentCard: Members = {
  type: required(oneOf(cardTypes, 'The form of the card.')),
  title: text('Required unless it is a banner.'),
  description: text('Required unless it is a banner.'),
  message_variation_id: variation,
  pinned: flag('Whether it stays at the top.'),
  image_url: webUrl,
  time_to_live: integer('For how many seconds it is shown. Required without `expire_at`.', { min: 1, max: MAX_TTL_S }),
  expire_at: like('2026-12-01T00:00:00Z', time('Until when it is shown, at most 30 days ahead.')),
  expire_in_local_time: flag('Whether `expire_at` is by each person’s clock.'),
  ios_uri: appUri,
  android_uri: appUri,
  web_uri: webUrl,
  ios_use_webview: flag('Whether the link opens within the app.'),
  android_use_webview: flag('Whether the link opens within the app.'),
  uri_text: text('What the link says.'),
  extra: map(null, 'Data for the app.'),
};

export const otherSchemas = {
  Email: given(email, 'A mail.'),
  Sms: given(sms, 'An SMS.'),
  Webhook: given(webhook, 'A call of a URL.'),
  ContentCard: given(contentCard, 'A card in the app.'),
};
