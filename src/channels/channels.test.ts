// What each channel accepts and refuses: rows of the tables of messaging-objects.md §2 to §10, by channel.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { errorCodes, RequestError } from '../errors.ts';
import { Problems } from '../lib/raw/problems.ts';
import { RenderStop } from '../templating/render-stop.ts';
import type { ChannelKey, RenderFacts } from './channel.ts';
import { channelKeys } from './channel.ts';
import { channels } from './index.ts';

const now = new Date('2026-03-15T12:00:00Z');
const facts: RenderFacts = {
  ...{ now, timeZone: 'Europe/Berlin', dispatchId: 'd1', campaignId: null, unsubscribeUrl: null, provider: null },
};
type Json = Record<string, unknown>;

const valid: Record<ChannelKey, Json> = {
  android_push: { alert: 'a', title: 't' },
  apple_push: { alert: 'a' },
  kindle_push: { alert: 'a', title: 't' },
  web_push: { alert: 'a', title: 't' },
  email: { app_id: 'x', from: 'Acme <a@acme.test>', subject: 's', body: '<p>b</p>' },
  sms: { app_id: 'x', subscription_group_id: 'g', body: 'b' },
  whats_app: { app_id: 'x', subscription_group_id: 'g', message_type: 'text_response_message', message: { body: 'b' } },
  webhook: { url: 'https://example.com/', request_method: 'POST' },
  content_card: { type: 'CLASSIC', title: 't', description: 'd', time_to_live: 60 },
};

function parse(key: ChannelKey, raw: Json) {
  const problems = new Problems();
  const message = channels[key].parse(raw, `messages.${key}`, problems, now);
  problems.throwIfAny();
  if (message === null) throw new Error('neither a message nor a problem');
  return { message, minors: problems.minors, warnings: problems.warnings };
}

const button = (extra: Json) => ({ buttons: [{ text: 'b', ...extra }] });
const wa = (message_type: string, message: unknown) => ({ message_type, message });
const template = (extra: Json) =>
  wa('template_message', { template_name: 'order', template_language_code: 'en', ...extra });
const quick = (extra: Json) => wa('quick_reply_response_message', { body: 'b', buttons: [{ text: 'x' }], ...extra });
const rows = (count: number) => [
  { section_title: 's', list_rows: Array.from({ length: count }, () => ({ row_title: 'r' })) },
];
const list = (list_sections: unknown) =>
  wa('list_response_message', { body: 'b', list: { list_button_text: 'x', list_sections } });
const cardPath = (member: string) => `message.carousel_cards[0].${member}`;
const linkPath = (member: string) => `message.cards[1].cta_url_button.${member}`;
const cardsOf = (count: number, extra: Json = {}): Json[] =>
  Array(count).fill({ header_media_uri: 'https://a.test/x.png', header_media_type: 'image', ...extra });
const carousel = (carousel_button_type: string, cards: Json[], extra: Json = {}) =>
  wa('carousel_response_message', { body: 'b', carousel_button_type, cards, ...extra });
const media = { media_uri: 'https://a.test/x.png', media_type: 'image' };
const reply = (buttons: unknown, extra: Json = {}): Json => ({ ...media, buttons, ...extra });
const link = (extra: Json = {}): Json => ({
  ...media,
  cta_url_button: { display_text: 'Go', url: 'https://a.test/' },
  ...extra,
});

/** A change to the valid message, the path that the refusal names, and the error's name if it is not Bad Request. */
const refused: [ChannelKey, Json, path: string, label?: string][] = [
  ['android_push', { alert: undefined }, 'alert'],
  ['android_push', { title: '  ' }, 'title'],
  ['android_push', { send_to_sync: true }, 'alert'],
  ['android_push', { extra: 'x' }, 'extra', 'Invalid Extra Push Payload'],
  ['android_push', { alert: 'x'.repeat(4001) }, '', 'Android Push Length Exceeded'],
  ['android_push', { android_priority: 'HIGH' }, 'android_priority'],
  ['android_push', { time_to_live: -1 }, 'time_to_live'],
  ['android_push', { time_to_live: 2_419_201 }, 'time_to_live'],
  ['android_push', { time_to_live: 1.5 }, 'time_to_live'],
  ['android_push', { buttons: [{}] }, 'buttons[0].text'],
  ['android_push', button({ action: 'FLY' }), 'buttons[0].action'],
  ['android_push', button({ action: 'URI' }), 'buttons[0].uri'],
  ['android_push', button({ action: 'deep_link' }), 'buttons[0].uri'],
  ['android_push', { accent_color: 2 ** 32 }, 'accent_color'],
  ['android_push', { use_webview: 'yes' }, 'use_webview'],
  [
    'android_push',
    {
      conversation_data: {
        shortcut_id: 's',
        reply_person_id: 'x',
        messages: [{ text: 't', timestamp: 1, person_id: 'p' }],
        persons: [{ id: 'p', name: 'P' }],
      },
    },
    'conversation_data.reply_person_id',
  ],
  ['apple_push', { alert: undefined }, 'alert'],
  ['apple_push', { alert: {} }, 'alert'],
  ['apple_push', { extra: ['a'] }, 'extra', 'Invalid Extra Push Payload'],
  ['apple_push', { extra: { aps: 1 } }, 'extra.aps'],
  ['apple_push', { asset_url: 'https://a.test/x' }, 'asset_file_type'],
  ['apple_push', { asset_url: 'https://a.test/x', asset_file_type: 'exe' }, 'asset_file_type'],
  ['apple_push', { alert: 'x'.repeat(1_912) }, '', 'Apple Push Length Exceeded'],
  ['apple_push', { interruption_level: 'loud' }, 'interruption_level'],
  ['apple_push', { relevance_score: 1.1 }, 'relevance_score'],
  ['apple_push', { apns_priority: 11 }, 'apns_priority'],
  ['apple_push', { badge: -1 }, 'badge'],
  ['apple_push', { collapse_id: 'x'.repeat(65) }, 'collapse_id'],
  ['apple_push', { expiry: 'soon' }, 'expiry'],
  ['apple_push', { buttons: [{ action_id: 'a', action: 'URI', uri: 'x:' }] }, 'category'],
  ['apple_push', { category: 'ab_cat_yes_no', buttons: [{ action_id: 'ab_pb_more' }] }, 'buttons[0].action_id'],
  [
    'apple_push',
    { category: 'ab_cat_yes_no', buttons: [{ action_id: 'ab_pb_no', action: 'URI', uri: 'x:' }] },
    'buttons[0].action',
  ],
  ['apple_push', { category: 'ab_cat_yes_no', buttons: [{ action_id: 'ab_pb_yes', action: 'URI' }] }, 'buttons[0].uri'],
  [
    'apple_push',
    { category: 'mine', buttons: [{ action_id: 'x', action: 'OPEN_APP', uri: 'x:' }] },
    'buttons[0].action',
  ],
  ['kindle_push', { title: undefined }, 'title'],
  ['kindle_push', { extra: 1 }, 'extra', 'Invalid Extra Push Payload'],
  ['kindle_push', { collapse_key: 'x'.repeat(65) }, 'collapse_key'],
  ['web_push', { alert: '' }, 'alert'],
  ['web_push', button({ action: 'DEEP_LINK', uri: 'x:' }), 'buttons[0].action'],
  ['web_push', button({ action: 'URI' }), 'buttons[0].uri'],
  ['web_push', { buttons: Array.from({ length: 1_001 }, () => ({ text: 'b' })) }, 'buttons'],
  ['web_push', { time_to_live: 2_419_201 }, 'time_to_live'],
  ['web_push', { extra: 'x' }, 'extra', 'Invalid Extra Push Payload'],
  ['email', { app_id: undefined }, 'app_id'],
  ['email', { body: undefined }, 'body'],
  ['email', { from: 'not an address' }, 'from'],
  ['email', { reply_to: 'a b@c.test' }, 'reply_to'],
  ['email', { subject: 'a\r\nBcc: x@y.test' }, 'subject'],
  ['email', { headers: { 'X-A': 'a\nb' } }, 'headers.X-A'],
  ['email', { headers: { 'a b': 'x' } }, 'headers'],
  ['email', { headers: { 'X-A': 'a', 'x-a': 'b' } }, 'headers.x-a'],
  ['email', { extras: { a: 'x'.repeat(1_024) } }, 'extras'],
  ['email', { attachments: [{ file_name: 'a', url: 'file:///x.pdf' }] }, 'attachments[0].url'],
  ['email', { attachments: [{ file_name: 'a' }] }, 'attachments[0].url'],
  ['email', { attachments: { url: 'https://a.test/x.pdf' } }, 'attachments[0].file_name'],
  ['sms', { body: undefined }, 'body'],
  ['sms', { app_id: '' }, 'app_id'],
  ['sms', { subscription_group_id: null }, 'subscription_group_id'],
  ['sms', { body: 'x'.repeat(1_601) }, 'body'],
  ['sms', { body: '' }, 'body'],
  ['sms', { body: '', media_items: [] }, 'body'],
  ['sms', { body: undefined, media_items: 'https://a.test/1' }, 'body'],
  ['sms', { media_items: 'ftp://a.test/x' }, 'media_items[0]'],
  ['sms', { media_items: Array(11).fill('https://a.test/x') }, 'media_items'],
  ['whats_app', { message: 'x' }, 'message'],
  ['whats_app', { message_type: 'video_message' }, 'message_type'],
  ['whats_app', wa('text_response_message', {}), 'message.body'],
  ['whats_app', wa('text_response_message', { body: 'x'.repeat(4_097) }), 'message.body'],
  ['whats_app', wa('text_image_response_message', {}), 'message.image_uri'],
  ['whats_app', template({ template_name: 'Order!' }), 'message.template_name'],
  ['whats_app', template({ body_variables: { 0: 'a', 2: 'b' } }), 'message.body_variables'],
  ['whats_app', template({ body_variables: { x: 'a' } }), 'message.body_variables'],
  ['whats_app', template({ header_variables: ['a', 'b'] }), 'message.header_variables'],
  ['whats_app', template({ header_image_uri: 'ftp://a.test/x.png' }), 'message.header_image_uri'],
  ['whats_app', template({ header_media_uri: 'x' }), 'message.header_media_uri'],
  ['whats_app', template({ button_variables: { 0: 'a', 1: 'b' } }), 'message.button_variables'],
  ['whats_app', quick({ header_text: 'h', header_image_uri: 'https://a.test/x.png' }), 'message.header_text'],
  ['whats_app', quick({ buttons: [] }), 'message.buttons'],
  ['whats_app', quick({ buttons: ['a', 'b', 'c', 'd'].map((text) => ({ text })) }), 'message.buttons'],
  ['whats_app', list([]), 'message.list.list_sections'],
  ['whats_app', list(rows(0)), 'message.list.list_sections[0].list_rows'],
  ['whats_app', list(rows(11)), 'message.list.list_sections'],
  ['whats_app', wa('flow_response_message', { body: 'b' }), 'message.flow_button'],
  ['whats_app', template({ carousel_cards: cardsOf(1) }), 'message.carousel_cards'],
  ['whats_app', template({ carousel_cards: cardsOf(11) }), 'message.carousel_cards'],
  ['whats_app', template({ carousel_cards: [{}, ...cardsOf(1)] }), 'message.carousel_cards[0].header_media_uri'],
  ['whats_app', template({ carousel_cards: cardsOf(2, { body_variables: { 1: 'a' } }) }), cardPath('body_variables')],
  [
    'whats_app',
    template({ carousel_cards: cardsOf(2, { button_variables: ['a', 'b'] }) }),
    cardPath('button_variables'),
  ],
  [
    'whats_app',
    template({ carousel_cards: cardsOf(2, { header_media_type: 'audio' }) }),
    cardPath('header_media_type'),
  ],
  [
    'whats_app',
    template({ carousel_cards: [...cardsOf(1), ...cardsOf(1, { header_media_type: 'video' })] }),
    'message.carousel_cards',
  ],
  ['whats_app', carousel('url', [link(), link()], { body: undefined }), 'message.body'],
  ['whats_app', carousel('url', [link(), link()], { carousel_button_type: undefined }), 'message.carousel_button_type'],
  ['whats_app', carousel('{{x}}', [link(), link()]), 'message.carousel_button_type'],
  ['whats_app', carousel('url', []), 'message.cards'],
  ['whats_app', carousel('url', [link()]), 'message.cards'],
  ['whats_app', carousel('url', Array(11).fill(link())), 'message.cards'],
  ['whats_app', carousel('url', [link(), reply(['a'])]), 'message.cards[1].cta_url_button'],
  ['whats_app', carousel('quick_reply', [link(), reply(['a'])]), 'message.cards[0].buttons'],
  ['whats_app', carousel('quick_reply', [reply(['a']), reply(['a', 'b'])]), 'message.cards'],
  ['whats_app', carousel('quick_reply', [reply(['a', 'b', 'c']), reply(['a', 'b', 'c'])]), 'message.cards[0].buttons'],
  ['whats_app', carousel('quick_reply', [reply(['x'.repeat(21)]), reply(['a'])]), 'message.cards[0].buttons'],
  ['whats_app', carousel('quick_reply', [reply(['a']), reply([' '])]), 'message.cards[1].buttons'],
  ['whats_app', carousel('url', [link({ body_text: 'x'.repeat(161) }), link()]), 'message.cards[0].body_text'],
  ['whats_app', carousel('url', [link({ media_type: 'video' }), link()]), 'message.cards'],
  ['whats_app', carousel('url', [link({ media_uri: 'x' }), link()]), 'message.cards[0].media_uri'],
  ['whats_app', carousel('url', [link(), link({ cta_url_button: { display_text: 'Go' } })]), linkPath('url')],
  ['web_push', { custom_uri: 'javascript:alert(1)' }, 'custom_uri'],
  ['web_push', { custom_uri: ' Java\tScript:alert(1)' }, 'custom_uri'],
  ['web_push', { custom_uri: 'myapp://x' }, 'custom_uri'],
  ['web_push', { image_url: 'file:///etc/passwd' }, 'image_url'],
  ['web_push', button({ action: 'URI', uri: 'data:text/html,x' }), 'buttons[0].uri'],
  ['android_push', { custom_uri: 'javascript:x' }, 'custom_uri'],
  ['android_push', button({ action: 'DEEP_LINK', uri: 'vbscript:x' }), 'buttons[0].uri'],
  ['apple_push', { custom_uri: 'FILE:///x' }, 'custom_uri'],
  ['kindle_push', { custom_uri: 'blob:x' }, 'custom_uri'],
  ['content_card', { web_uri: 'myapp://x' }, 'web_uri'],
  ['content_card', { ios_uri: 'javascript:x' }, 'ios_uri'],
  ['webhook', { url: undefined }, 'url'],
  ['webhook', { request_method: 'PATCH' }, 'request_method'],
  ['webhook', { url: 'ftp://a.test' }, 'url'],
  ['webhook', { url: 'https://user:pass@a.test' }, 'url'],
  ['webhook', { request_headers: ['a'] }, 'request_headers'],
  ['webhook', { request_headers: { a: 'b\r\nc' } }, 'request_headers.a'],
  ['webhook', { request_headers: { a: 'b\u0001' } }, 'request_headers.a'],
  ['webhook', { request_headers: { a: '\u007f' } }, 'request_headers.a'],
  ['webhook', { request_headers: { a: '\u001b[0m' } }, 'request_headers.a'],
  ['webhook', { request_headers: { 'a b': 'c' } }, 'request_headers'],
  ['webhook', { request_headers: { 'X-A': 'b', 'x-a': 'c' } }, 'request_headers.x-a'],
  ['content_card', { type: 'captioned_image' }, 'type'],
  ['content_card', { title: undefined }, 'title'],
  ['content_card', { title: null }, 'title'],
  ['content_card', { description: '' }, 'description'],
  ['content_card', { type: 'BANNER' }, 'image_url'],
  ['content_card', { time_to_live: undefined }, 'time_to_live'],
  ['content_card', { time_to_live: 0 }, 'time_to_live'],
  ['content_card', { time_to_live: undefined, expire_at: '2026-03-14' }, 'expire_at'],
  ['content_card', { time_to_live: undefined, expire_at: '2026-04-15' }, 'expire_at'],
  ['content_card', { description: 'x'.repeat(2_049) }, ''],
];

for (const [key, change, path, label = 'Bad Request'] of refused) {
  test(`${key} ${JSON.stringify(change).slice(0, 90)} is refused`, () => {
    assert.throws(
      () => parse(key, { ...valid[key], ...change }),
      (error) => {
        assert.ok(error instanceof RequestError, String(error));
        assert.equal(errorCodes[error.code].label, label);
        const [first = ''] = error.errors;
        assert.ok(first.startsWith(`messages.${key}${path === '' ? '' : '.'}${path}: `), first);
        return true;
      },
    );
  });
}

/** Changes that are accepted, each with its number of warnings. None is an error. */
const accepted: [ChannelKey, Json, warnings: number][] = [
  ['android_push', { alert: undefined, title: undefined, send_to_sync: 'true' }, 0],
  ['android_push', { priority: 7, send_to_most_recent_device_only: 'FALSE', buttons: { text: 'one' } }, 0],
  ['android_push', { buttons: ['a', 'b', 'c', 'd'].map((text) => ({ text })) }, 1],
  ['android_push', { time_to_live: '60', use_webview: 0, extra: '' }, 0],
  ['android_push', { time_to_live: '{{custom_attribute.${ttl}}}' }, 0],
  ['apple_push', { alert: undefined, content_available: 1, apns_priority: 10 }, 1],
  ['apple_push', { alert: { loc_key: 'K' }, expiry: '2026-04-01', badge: '3' }, 0],
  ['kindle_push', { priority: 'x' }, 0],
  ['email', { headers: { Bcc: 'x@y.test', 'X-A': 1 } }, 1],
  ['email', { subject: undefined }, 1],
  ['email', { should_inline_css: 'false', reply_to: 'NO_REPLY_TO', bcc: 'x@y.test' }, 0],
  ['sms', { body: 'x'.repeat(1_600), media_items: ['https://a.test/1', { url: 'https://a.test/2' }] }, 0],
  ['sms', { user_click_tracking_enabled: true }, 1],
  ['sms', { user_click_tracking_enabled: true, link_shortening_enabled: false }, 1],
  ['sms', { user_click_tracking_enabled: false }, 0],
  ['sms', { body: '', media_items: 'https://a.test/1' }, 0],
  ['whats_app', template({ body_variables: ['a', 'b'], header_image_uri: 'https://a.test/x.png' }), 0],
  ['whats_app', template({ header_variables: ['a'], header_image_uri: 'https://a.test/x.png' }), 1],
  ['whats_app', template({ header_variables: ['a'], header_media_uri: 'https://a.test/x.png' }), 1],
  ['whats_app', template({ header_variables: {}, header_media_uri: 'https://a.test/x.png' }), 0],
  ['whats_app', template({ carousel_cards: cardsOf(10, { body_variables: ['a'], button_variables: { 1: 'x' } }) }), 0],
  ['whats_app', template({ carousel_cards: [] }), 0],
  ['whats_app', carousel('url', [link(), link({ body_text: 'x'.repeat(160), buttons: ['ignored'] })]), 0],
  ['whats_app', carousel('quick_reply', [reply('a'), reply(['b'], { media_type: '{{x}}' })]), 0],
  ['webhook', { request_method: 'delete', body: { a: 1 }, request_headers: { Host: 'x', a: 'b' } }, 1],
  ['content_card', { type: 'BANNER', title: undefined, description: undefined, image_url: 'https://a.test/x' }, 0],
  ['content_card', { expire_at: '2026-03-16' }, 1],
  ['content_card', { title: '' }, 0],
];

for (const [key, change, warnings] of accepted) {
  test(`${key} ${JSON.stringify(change).slice(0, 90)} is accepted`, () => {
    const result = parse(key, { ...valid[key], ...change });
    assert.equal(result.warnings.length, warnings, result.warnings.join('\n'));
    assert.deepEqual(result.minors, []);
    const stored: Json = JSON.parse(JSON.stringify(result.message));
    assert.deepEqual(parse(key, stored).message, result.message, 'a stored message reads the same');
  });
}

const render = (key: ChannelKey, change: Json) =>
  channels[key].render(parse(key, { ...valid[key], ...change }).message, facts);

test('android_push becomes the documented FCM message', () => {
  const change = {
    alert: 'Body',
    title: 'Title',
    summary_text: 'Summary',
    custom_uri: 'https://x.example/a',
    priority: 0,
    sound: 'default',
    notification_channel: 'news',
    notification_id: 42,
    accent_color: 16711680,
    push_icon_image_url: 'https://x.example/i.png',
    extra: { k: 'v' },
    buttons: { text: 'Open', action: 'URI', uri: 'https://x.example' },
    collapse_key: 'k1',
  };
  assert.deepEqual(render('android_push', change), {
    title: 'Title',
    body: 'Body',
    message: {
      data: {
        _ab: 'true',
        cid: 'd1',
        t: 'Title',
        a: 'Body',
        s: 'Summary',
        uri: 'https://x.example/a',
        ab_use_webview: 'false',
        p: '0',
        sd: 'd',
        ab_nc: 'news',
        n: '42',
        ac: '16711680',
        ab_li: 'https://x.example/i.png',
        extra: '{"k":"v"}',
        ab_a0_a: 'ab_uri',
        ab_a0_id: '0',
        ab_a0_t: 'Open',
        ab_a0_uri: 'https://x.example',
        ab_a0_use_webview: 'true',
      },
      android: { priority: 'HIGH', ttl: '2419200s', collapse_key: 'k1' },
    },
  });
});

test('apple_push becomes the documented APNs payload', () => {
  const change = {
    alert: { title: 'Hi', body: 'Text' },
    badge: 1,
    sound: 'default',
    category: 'ab_cat_yes_no',
    notification_group_thread_id: 'g1',
    interruption_level: 'active',
    relevance_score: 0.5,
    asset_url: 'https://x.example/a.jpg',
    asset_file_type: 'jpg',
    buttons: [{ action_id: 'ab_pb_yes', action: 'uri', uri: 'https://x.example' }],
    custom_uri: 'https://x.example',
    extra: { myKey: 'myValue' },
    expiry: '2026-04-01T00:00:00Z',
    apns_priority: 7,
    collapse_id: 'c',
  };
  assert.deepEqual(render('apple_push', change), {
    title: 'Hi',
    body: 'Text',
    headers: {
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-expiration': '1775001600',
      'apns-collapse-id': 'c',
    },
    payload: {
      myKey: 'myValue',
      aps: {
        alert: { title: 'Hi', body: 'Text' },
        badge: 1,
        sound: 'default',
        'mutable-content': 1,
        category: 'ab_cat_yes_no',
        'thread-id': 'g1',
        'interruption-level': 'active',
        'relevance-score': 0.5,
      },
      ab: {
        c: 'd1',
        att: { url: 'https://x.example/a.jpg', type: 'jpg' },
        buttons: { ab_pb_yes: { action: 'URI', uri: 'https://x.example', use_webview: true } },
      },
      ab_uri: 'https://x.example',
      ab_use_webview: true,
    },
  });
});

test('whats_app becomes the documented Cloud API body', () => {
  assert.deepEqual(
    render(
      'whats_app',
      template({ header_variables: ['v0'], body_variables: { 1: 'v1', 0: 'v0' }, button_variables: { 1: 'promo123' } }),
    ),
    {
      type: 'template',
      template: {
        name: 'order',
        language: { code: 'en' },
        components: [
          { type: 'header', parameters: [{ type: 'text', text: 'v0' }] },
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'v0' },
              { type: 'text', text: 'v1' },
            ],
          },
          { type: 'button', sub_type: 'url', index: '1', parameters: [{ type: 'text', text: 'promo123' }] },
        ],
      },
    },
  );
});

test('an Apple push whose visible parts render blank is a background push', () => {
  const blank = { alert: { body: ' ', title: '' }, sound: ' ', badge: '' };
  for (const part of [
    { alert: { body: '' } },
    { alert: { title: '  ', loc_key: '' } },
    { alert: { loc_args: ['x'] } },
    blank,
  ]) {
    const { headers, payload } = render('apple_push', { 'content-available': true, apns_priority: 10, ...part }) as {
      headers: Record<string, string>;
      payload: Json;
    };
    assert.deepEqual(payload.aps, { 'content-available': 1 }, JSON.stringify(part));
    assert.deepEqual([headers['apns-push-type'], headers['apns-priority']], ['background', '5']);
  }
  const titled = render('apple_push', { 'content-available': true, alert: { title: 't', body: '' } }) as {
    headers: Record<string, string>;
    payload: Json;
  };
  assert.deepEqual(titled.payload.aps, { alert: { title: 't' }, 'content-available': 1 });
  assert.equal(titled.headers['apns-push-type'], 'alert');
});

test('a tap may open a page, or an app its own deep link', () => {
  for (const uri of ['https://a.test/x', 'HTTP://a.test', '/relative?u=javascript:x', 'page'])
    assert.deepEqual((render('web_push', { custom_uri: uri }) as { payload: Json }).payload.url, uri);
  for (const uri of ['myapp://a/b', 'mailto:a@b.test', 'tel:1', 'https://a.test'])
    assert.equal((render('apple_push', { custom_uri: uri }) as { payload: Json }).payload.ab_uri, uri);
});

test('a webhook without a content type gets the one that fits its body', () => {
  const typeOf = (body: string) =>
    (render('webhook', { body }) as { headers: Record<string, string> }).headers['Content-Type'];
  assert.equal(typeOf('{"a":1}'), 'application/json');
  assert.equal(typeOf('a=1&b=2'), 'application/x-www-form-urlencoded');
  assert.equal(typeOf('{broken'), 'text/plain; charset=utf-8');
  assert.deepEqual(render('webhook', { request_method: 'GET', body: 'x' }), {
    method: 'GET',
    url: 'https://example.com/',
    headers: {},
    body: null,
  });
});

test('a message that is blank, too large or expired after rendering is stopped', () => {
  const stop = (key: ChannelKey, message: Json, reason: string) =>
    assert.throws(
      () => channels[key].render({ ...parse(key, valid[key]).message, ...message }, facts),
      (error) => error instanceof RenderStop && error.reason === reason,
      `${key} ${reason}`,
    );
  stop('email', { body: '  ' }, 'aborted');
  stop('email', { headers: { 'List-Id': '<zoë@acme.test>' } }, 'aborted');
  for (const uri of ['javascript:x', '\u0001javascript:x', 'data:x', 'java\nscript:x']) {
    stop('web_push', { custom_uri: uri }, 'aborted');
    stop('web_push', { buttons: [{ text: 'b', action: 'URI', uri }] }, 'aborted');
    stop('android_push', { custom_uri: uri }, 'aborted');
    stop('apple_push', { custom_uri: uri }, 'aborted');
    stop('kindle_push', { custom_uri: uri }, 'aborted');
  }
  stop('apple_push', { alert: { title: 't', body: ' ' } }, 'aborted');
  stop('email', { subject: 'a\nBcc: x' }, 'aborted');
  stop('android_push', { alert: ' ' }, 'aborted');
  stop('android_push', { title: 'x'.repeat(4_096) }, 'payload_too_large');
  stop('android_push', { time_to_live: 'soon' }, 'aborted');
  stop('apple_push', { alert: { body: 'x'.repeat(4_096) } }, 'payload_too_large');
  stop('apple_push', { expiry: '2026-03-15T11:59:59Z' }, 'expired');
  stop('kindle_push', { alert: 'x'.repeat(6_144) }, 'payload_too_large');
  stop('web_push', { alert: 'x'.repeat(3_993) }, 'payload_too_large');
  stop('email', { extras: { a: 'x'.repeat(1_024) } }, 'payload_too_large');
  stop('kindle_push', { collapse_key: 'x'.repeat(65) }, 'payload_too_large');
  stop('apple_push', { collapse_id: 'x'.repeat(65) }, 'payload_too_large');
  stop('sms', { body: 'x'.repeat(1_531) }, 'payload_too_large');
  stop('whats_app', { message: { body: 'x'.repeat(4_097) } }, 'payload_too_large');
  const whatsApp = (kind: string, message: Json) =>
    stop('whats_app', { message_type: kind, message }, 'payload_too_large');
  whatsApp('text_image_response_message', { image_uri: 'https://a.test/i.png', caption: 'x'.repeat(1_025) });
  whatsApp('quick_reply_response_message', { body: 'b', buttons: [{ text: 'x'.repeat(21) }] });
  whatsApp('quick_reply_response_message', { body: 'b', footer: 'x'.repeat(61), buttons: [{ text: 'x' }] });
  whatsApp('list_response_message', {
    body: 'b',
    list: {
      list_button_text: 'x',
      list_sections: [{ section_title: 's', list_rows: [{ row_title: 'r', row_description: 'x'.repeat(73) }] }],
    },
  });
  stop('webhook', { url: ' ' }, 'aborted');
  stop('content_card', { description: '' }, 'aborted');
  stop('content_card', { title: undefined }, 'aborted');
  stop('sms', { body: ' ' }, 'aborted');
  stop('sms', { media_items: ['https://a.test/x', 'ftp://a.test/x'] }, 'aborted');
  stop('content_card', { description: 'x'.repeat(2_049) }, 'payload_too_large');
  stop('whats_app', { message: { body: '' } }, 'aborted');
});

test('for any input a channel returns a message or a problem, and renders or stops', () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom('', '{{x}}', 'true', '5', [], {}, [{}], JSON.parse('{"__proto__":{"a":1}}')),
  );
  const known = [...new Set(Object.values(valid).flatMap((message) => Object.keys(message)))];
  const members = [
    'buttons',
    'extra',
    'headers',
    'extras',
    'attachments',
    'request_headers',
    'conversation_data',
    'media_items',
    'badge',
    'expire_at',
    'expiry',
    ...known,
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...channelKeys),
      fc.dictionary(fc.oneof(fc.constantFrom(...members), fc.string()), value),
      (key, change) => {
        const problems = new Problems();
        const message = channels[key].parse({ ...valid[key], ...change }, 'm', problems, now);
        if (message === null || !problems.isEmpty) {
          assert.equal(problems.isEmpty, false, 'no message without a problem');
          return;
        }
        try {
          JSON.stringify(channels[key].render(message, facts));
        } catch (error) {
          assert.ok(error instanceof RenderStop, String(error));
        }
      },
    ),
    { numRuns: 4_000 },
  );
});
