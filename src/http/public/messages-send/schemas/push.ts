import { androidPriorities, ranges as androidRanges, buttonActions } from '../../../../channels/android-push/schema.ts';
import { actions as appleActions } from '../../../../channels/apple-push/buttons.ts';
import {
  ranges as appleRanges,
  assetTypes,
  interruptionLevels,
  MAX_COLLAPSE_BYTES,
} from '../../../../channels/apple-push/schema.ts';
import { MAX_COLLAPSE_KEY_LENGTH } from '../../../../channels/kindle-push/schema.ts';
import { MAX_TTL_S } from '../../../../channels/push/fields.ts';
import { buttonActions as webActions } from '../../../../channels/web-push/schema.ts';
import {
  either,
  flag,
  given,
  integer,
  like,
  list,
  type Members,
  map,
  number,
  oneOf,
  required,
  type Schema,
  text,
  time,
  tolerant,
} from '../../../openapi/schema.ts';
import { appUri, variation, webUrl } from './shared.ts';

const extra = map(null, 'Data for the app.');
const priority = tolerant('counts as 0', integer('How prominently it is shown, from -2 to 2.'));
const newestOnly = flag('Whether only the device that was used last gets it.');
const ttl = integer('For how many seconds it is worth delivering.', { min: 0, max: MAX_TTL_S });
const useWebview = flag('Whether the link opens within the app.');

const buttonsOf = (actions: readonly string[], uri: Schema): Schema =>
  list(
    given({
      text: required(text('What the button says.')),
      action: oneOf(actions, 'What it does. Default: `OPEN_APP`.'),
      uri,
      use_webview: useWebview,
    }),
    'Buttons.',
  );

const conversation = given(
  {
    shortcut_id: required(text('Id of the conversation’s shortcut.')),
    reply_person_id: required(like('p1', text('Id of the person who answers.'))),
    messages: required(
      list(
        given({
          text: required(text()),
          timestamp: required(integer('Seconds since 1970.')),
          person_id: required(like('p1', text('Id of one of `persons`.'))),
        }),
        'The messages.',
      ),
    ),
    persons: required(list(given({ id: required(like('p1', text())), name: required(text()) }), 'Who takes part.')),
  },
  'A conversation.',
);

const android: Members = {
  alert: text('The text. Required unless `send_to_sync` is true.'),
  title: text('The title. Required unless `send_to_sync` is true.'),
  extra,
  message_variation_id: variation,
  notification_channel_id: text('The app’s channel of notifications.'),
  notification_channel: text('Another spelling of `notification_channel_id`.'),
  priority,
  android_priority: oneOf(androidPriorities, 'How urgent it is for FCM.'),
  send_to_sync: flag('A silent push, without texts.'),
  collapse_key: text('A newer push with the same key replaces an older one that waits.'),
  sound: text('Name of a sound.'),
  custom_uri: appUri,
  use_webview: useWebview,
  summary_text: text('A second line.'),
  time_to_live: integer('For how many seconds it is worth delivering.', androidRanges.time_to_live),
  notification_id: integer(
    'A newer push with the same id replaces an older one on the screen.',
    androidRanges.notification_id,
  ),
  push_icon_image_url: appUri,
  accent_color: integer('A colour, as ARGB.', androidRanges.accent_color),
  send_to_most_recent_device_only: newestOnly,
  buttons: buttonsOf(buttonActions, appUri),
  conversation_data: conversation,
};

const appleAlert = given({
  body: text('The text.'),
  title: text('The title.'),
  title_loc_key: text('Key of the title among the app’s own texts.'),
  title_loc_args: list(text(), 'What to put into it.'),
  action_loc_key: text('Key of the button’s text.'),
  loc_key: text('Key of the text among the app’s own texts.'),
  loc_args: list(text(), 'What to put into it.'),
});

const apple: Members = {
  alert: either('The text, or its parts. Required unless `content-available` is true.', text(), appleAlert),
  badge: integer('The number on the app’s icon.', appleRanges.badge),
  sound: text('Name of a sound.'),
  extra,
  'content-available': flag('A silent push, which wakes the app.'),
  content_available: flag('Another spelling of `content-available`.'),
  interruption_level: oneOf(interruptionLevels, 'How much it may disturb.'),
  relevance_score: number('Place in the summary.', appleRanges.relevance_score),
  expiry: time('Until when it is worth delivering.'),
  custom_uri: appUri,
  use_webview: useWebview,
  message_variation_id: variation,
  notification_group_thread_id: text('Pushes with the same id are shown together.'),
  asset_url: appUri,
  asset_file_type: oneOf(assetTypes, 'Required with `asset_url`.'),
  collapse_id: text(`A newer push with the same id replaces an older one. At most ${MAX_COLLAPSE_BYTES} bytes.`),
  mutable_content: flag('Whether the app may change it.'),
  'mutable-content': flag('Another spelling of `mutable_content`.'),
  send_to_most_recent_device_only: newestOnly,
  category: like('ab_cat_yes_no', text('The category that has the buttons.')),
  buttons: list(
    given({
      action_id: required(like('ab_pb_yes', text('Id of the action in the category.'))),
      action: oneOf(appleActions, 'What it does.'),
      uri: appUri,
      use_webview: useWebview,
    }),
    'What the buttons of the category do.',
  ),
  apns_priority: integer('How urgent it is for APNs.', appleRanges.apns_priority),
};

const kindle: Members = {
  alert: required(text('The text.')),
  title: required(text('The title.')),
  extra,
  message_variation_id: variation,
  priority,
  collapse_key: text('A newer push with the same key replaces an older one that waits.', {
    maxLength: MAX_COLLAPSE_KEY_LENGTH,
  }),
  sound: text('Name of a sound.'),
  custom_uri: appUri,
};

const web: Members = {
  alert: required(text('The text.')),
  title: required(text('The title.')),
  extra,
  message_variation_id: variation,
  custom_uri: webUrl,
  image_url: webUrl,
  large_image_url: webUrl,
  require_interaction: flag('Whether it stays until it is clicked.'),
  time_to_live: ttl,
  send_to_most_recent_device_only: newestOnly,
  buttons: buttonsOf(webActions, webUrl),
};

export const pushSchemas = {
  AndroidPush: given(android, 'A push to Android devices.'),
  ApplePush: given(apple, 'A push to Apple devices.'),
  KindlePush: given(kindle, 'A push to Kindle devices.'),
  WebPush: given(web, 'A push to browsers.'),
};
