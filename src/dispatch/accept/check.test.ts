// The checks of a send request, in their order, without a database. Each body is refused or becomes a plan.
import assert from 'node:assert/strict';
import test from 'node:test';
import { noEmailSettings } from '../../channels/email/settings.ts';
import { RequestError } from '../../errors.ts';
import type { Segment, WorkspaceCatalog } from '../../workspace/catalog.ts';
import { checkBody } from './check.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const SEGMENT = '11111111-1111-4111-8111-111111111111';
const OLD_SEGMENT = '11111111-1111-4111-8111-222222222222';
const LOST_SEGMENT = '11111111-1111-4111-8111-333333333333';
const SMS = '55555555-5555-4555-8555-555555555555';
const OLD_SMS = '55555555-5555-4555-8555-666666666666';
const MAILING = '55555555-5555-4555-8555-777777777777';
const NOW = new Date('2026-03-15T12:00:00Z');

const segment = (id: string, more: Partial<Segment> = {}): [string, Segment] => [
  id,
  { id, name: id, filter: null, archived: false, ...more },
];
const group = (id: string, channel: 'email' | 'sms', archived = false) =>
  [id, { id, name: id, channel, archived }] as const;
const campaign = (id: string, more: { kind?: 'api_triggered'; archived?: true; obeysCaps?: false } = {}) =>
  [
    id,
    {
      id,
      name: id,
      kind: 'api' as const,
      archived: false,
      tags: [],
      obeysCaps: true,
      countsTowardCaps: true,
      variations: new Map([
        ['mail', { id: 'mail', name: 'Mail', channel: 'email' as const }],
        ['hook', { id: 'hook', name: 'Hook', channel: 'webhook' as const }],
      ]),
      ...more,
    },
  ] as const;

const settings: WorkspaceCatalog['settings'] = {
  email: { ...noEmailSettings },
  webhook: { deliver: false, allow: [] },
  audience: { missingNumberIsZero: true },
  requests: { keyInBody: false, strictContentType: false },
  schedules: { lateMs: 3_600_000 },
  users: { trackBatch: 'per_array' },
  itemCatalogs: { storageBytes: 2_147_483_648 },
  rateLimits: {},
};

const catalog: WorkspaceCatalog = {
  id: 1,
  name: 'Acme',
  timeZone: 'UTC',
  settings,
  apps: new Map([[APP, { id: APP, name: 'Web', platform: 'web' }]]),
  subscriptionGroups: new Map([group(SMS, 'sms'), group(OLD_SMS, 'sms', true), group(MAILING, 'email')]),
  segments: new Map([
    segment(SEGMENT, { name: 'Adults' }),
    segment(OLD_SEGMENT, { archived: true }),
    segment(LOST_SEGMENT, { filter: { received_campaign: { campaign_id: 'gone', comparison: 'has' } } }),
  ]),
  campaigns: new Map([
    campaign('welcome'),
    campaign('urgent', { obeysCaps: false }),
    campaign('triggered', { kind: 'api_triggered' }),
    campaign('old', { archived: true }),
  ]),
  canvases: new Map(),
  frequencyCaps: [],
};

const email = { app_id: APP, from: 'Acme <hello@acme.test>', subject: 'Hi', body: '<p>Hi</p>' };
const webhook = { url: 'https://acme.test/hook', request_method: 'POST' };
const sms = { app_id: APP, subscription_group_id: SMS, body: 'Hi' };
const toAda = { external_user_ids: ['ada'] };
const good = { ...toAda, messages: { email } };
const described = { segment_id: SEGMENT, messages: { email } };

type Refusal = [body: object, code: string, errors: readonly string[]];

/** Everything but stored content, which is in the database. */
function checkNow(body: Record<string, unknown>, workspace: WorkspaceCatalog, now: Date) {
  const { plan, dryRun, problems } = checkBody(body, workspace, now);
  problems.warnAtEnd();
  return { plan, dryRun, remarks: { minors: problems.minors, warnings: problems.warnings } };
}

function refusalOf(body: object, workspace = catalog): [code: string, errors: readonly string[]] | null {
  try {
    checkNow({ ...body }, workspace, NOW);
  } catch (error) {
    if (error instanceof RequestError) return [error.code, error.errors];
    throw error;
  }
  return null;
}

function refuses(step: string, table: readonly Refusal[]): void {
  test(step, () => {
    for (const [body, ...refusal] of table) assert.deepEqual(refusalOf(body), refusal, JSON.stringify(body));
  });
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `name${index}`);

refuses('types come first, and every wrong type is reported', [
  [
    { external_user_ids: {}, broadcast: 'yes', segment_id: 1, messages: [1] },
    'bad_request',
    [
      'external_user_ids: expected an array of texts, got an object',
      'segment_id: expected a text, got 1',
      'broadcast: expected a boolean, got a text',
      'messages: expected an object, got an array',
    ],
  ],
  [
    { ...good, external_user_ids: [1.5] },
    'bad_request',
    ['external_user_ids[0]: expected a text, got a fractional number'],
  ],
  [{ ...good, user_aliases: 'ada' }, 'bad_request', ['user_aliases: expected an array of objects, got a text']],
  [{ ...good, audience: {} }, 'bad_request', ['audience: expected a connected audience object, got an empty object']],
  [
    { ...good, recipient_subscription_state: 'Subscribed' },
    'bad_request',
    ['recipient_subscription_state: expected one of opted_in, subscribed, all, in lower case'],
  ],
  [{ ...toAda, messages: { email: 'Hi' } }, 'bad_request', ['messages.email: expected an object, got a text']],
  [{ ...good, cresset: true }, 'bad_request', ['cresset: expected an object, got true']],
  [
    { ...good, cresset: { dry_run: 2, delivery: 'twice', 'a\nb': 1 } },
    'bad_request',
    [
      'cresset.a?b: unknown member; dry_run, delivery, quiet_hours, pace, canary, at_most are known',
      'cresset.dry_run: expected a boolean, got 2',
      'cresset.delivery: expected one of at_least_once, at_most_once',
    ],
  ],
]);

refuses('members of other endpoints are refused together with wrong types', [
  [
    { ...good, recipients: [{ external_user_id: 'ada' }], schedule: { time: 'now' } },
    'bad_request',
    [
      'recipients: belongs to the trigger endpoints; name people in external_user_ids or user_aliases',
      'schedule: belongs to /messages/schedule/create; remove it',
    ],
  ],
  [
    { ...good, dry_run: true, delivery: 'at_most_once' },
    'bad_request',
    [
      'dry_run: belongs into cresset: { "cresset": { "dry_run": … } }',
      'delivery: belongs into cresset: { "cresset": { "delivery": … } }',
    ],
  ],
  [
    { ...good, trigger_properties: { a: 1 } },
    'bad_request',
    ['trigger_properties: belongs to the trigger endpoints; remove it'],
  ],
]);

const allChannels = 'android_push, apple_push, content_card, email, kindle_push, sms, web_push, webhook, whats_app';

refuses('then there must be a message, a recipient, and a fitting `broadcast`', [
  [{}, 'no_message', [`messages: expected an object with one or more of ${allChannels}, got none`]],
  [{ ...toAda, messages: { fax: {} } }, 'no_message', [`messages: expected one or more of ${allChannels}, got fax`]],
  [
    { ...toAda, messages: { mail: {} } },
    'no_message',
    [`messages: expected one or more of ${allChannels}, got mail; did you mean email?`],
  ],
  [
    { messages: { email } },
    'no_recipients',
    ['external_user_ids, user_aliases, segment_id, audience: expected at least one, got none'],
  ],
  [
    { external_user_id: ['ada'], messages: { email } },
    'no_recipients',
    [
      'external_user_ids, user_aliases, segment_id, audience: expected at least one, got none',
      'external_user_id: not known, ignored; did you mean external_user_ids?',
    ],
  ],
  [
    { ...toAda, mesages: { email } },
    'no_message',
    [
      `messages: expected an object with one or more of ${allChannels}, got none`,
      'mesages: not known, ignored; did you mean messages?',
    ],
  ],
  [
    { ...good, external_user_ids: names(51) },
    'too_many_names',
    ['external_user_ids, user_aliases: expected at most 50 together, got 51'],
  ],
  [
    { ...good, external_user_ids: names(50), user_aliases: [{ alias_name: 'a', alias_label: 'l' }] },
    'too_many_names',
    ['external_user_ids, user_aliases: expected at most 50 together, got 51'],
  ],
  [described, 'bad_request', ['broadcast: must be true when neither external_user_ids nor user_aliases is given']],
  [
    { ...good, broadcast: true },
    'bad_request',
    ['broadcast: must not be true when external_user_ids or user_aliases is given'],
  ],
]);

const unknownSegment = (id: string) => `segment_id: does not name a segment of this workspace, got "${id}"`;
const wrongWord = 'audience.email_subscription_status.comparison: "equals" is not one of is, is_not; did you mean is?';

refuses('then the segment, its references and the audience are checked', [
  [{ ...good, segment_id: APP }, 'bad_request', [unknownSegment(APP)]],
  [{ ...good, segment_id: OLD_SEGMENT }, 'bad_request', [unknownSegment(OLD_SEGMENT)]],
  [{ ...good, segment_id: 'Adults' }, 'bad_request', [`${unknownSegment('Adults')}; that is the name of ${SEGMENT}`]],
  [
    { ...good, segment_id: LOST_SEGMENT },
    'bad_request',
    ['segment.received_campaign.campaign_id: does not name a campaign of this workspace, got "gone"'],
  ],
  [
    { ...good, audience: { email_subscription_status: { comparison: 'equals', value: 'subscribed' } } },
    'bad_request',
    [wrongWord],
  ],
  [
    { ...good, segment_id: APP, audience: { OR: [] }, campaign_id: 'none', messages: { email: {} } },
    'bad_request',
    [
      unknownSegment(APP),
      'campaign_id: does not name an API campaign of this workspace, got "none"',
      'messages.email.app_id: is required',
      'messages.email.body: is required unless email_template_id is given',
      'messages.email.from: is required: this workspace has no default sender',
    ],
  ],
]);

const ofCampaign = (variation: unknown, id = 'welcome') => ({
  ...toAda,
  campaign_id: id,
  messages: { email: { ...email, message_variation_id: variation } },
});
const unknownCampaign = (id: string) => `campaign_id: does not name an API campaign of this workspace, got "${id}"`;

refuses('then the campaign, the send id and the variations are checked', [
  [{ ...good, send_id: 'x' }, 'bad_request', ['send_id: needs the campaign_id it was created for']],
  [
    { ...ofCampaign('mail'), send_id: 'x'.repeat(65) },
    'bad_request',
    ['send_id: expected at most 64 ASCII characters'],
  ],
  [{ ...ofCampaign('mail'), send_id: 'é' }, 'bad_request', ['send_id: expected at most 64 ASCII characters']],
  [ofCampaign('mail', 'none'), 'invalid_campaign', [unknownCampaign('none')]],
  [
    ofCampaign('mail', 'triggered'),
    'invalid_campaign',
    [`${unknownCampaign('triggered')}; it is api_triggered: trigger it`],
  ],
  [ofCampaign('mail', 'old'), 'invalid_campaign', [unknownCampaign('old')]],
  [
    { ...toAda, campaign_id: 'welcome', messages: { email, webhook } },
    'variant_unspecified',
    [
      'messages.email.message_variation_id: is required with campaign_id',
      'messages.webhook.message_variation_id: is required with campaign_id',
    ],
  ],
  [ofCampaign('none'), 'invalid_variant', ['messages.email.message_variation_id: is not of this campaign, got "none"']],
  [ofCampaign('hook'), 'mismatched_message_type', ['messages.email.message_variation_id: is a variation of webhook']],
]);

refuses('then the messages are checked: types, required members, ranges, references, sizes, templates', [
  [
    { ...toAda, messages: { email: { headers: [1] }, webhook: { url: {} } } },
    'bad_request',
    [
      'messages.email.headers: expected an object, got an array',
      'messages.webhook.url: expected a text, got an object',
      'messages.email.app_id: is required',
      'messages.email.body: is required unless email_template_id is given',
      'messages.email.from: is required: this workspace has no default sender',
      'messages.webhook.request_method: is required: one of POST, PUT, DELETE, GET',
    ],
  ],
  [
    { ...toAda, messages: { email: { from: 'nobody' }, webhook: {} } },
    'bad_request',
    [
      'messages.email.app_id: is required',
      'messages.email.body: is required unless email_template_id is given',
      'messages.webhook.url: is required',
      'messages.webhook.request_method: is required: one of POST, PUT, DELETE, GET',
      'messages.email.from: expected an address such as "Acme <hello@example.com>"',
    ],
  ],
  [
    { ...toAda, messages: { webhook: { url: 'https://acme.test/', request_method: 'PATCH' } } },
    'bad_request',
    ['messages.webhook.request_method: expected one of POST, PUT, DELETE, GET'],
  ],
  [
    { ...toAda, messages: { apple_push: { alert: { boddy: 'x' } } } },
    'bad_request',
    [
      'messages.apple_push.alert: expected a text, or an object with body or loc_key, unless content-available is true',
      'messages.apple_push.alert.boddy: not known, ignored; did you mean body?',
    ],
  ],
  [
    { ...toAda, messages: { email: { ...email, from: 'nobody', app_id: SEGMENT } } },
    'bad_request',
    ['messages.email.from: expected an address such as "Acme <hello@example.com>"'],
  ],
  [
    { ...toAda, messages: { apple_push: { alert: 'x'.repeat(2_000) } } },
    'apple_push_too_long',
    ['messages.apple_push: expected at most 1912 bytes, got 2012'],
  ],
  [
    { ...toAda, messages: { web_push: { alert: 'a', title: 't', extra: 1 } } },
    'invalid_extra',
    ['messages.web_push.extra: expected an object, got 1'],
  ],
]);

test('a subscription group must belong to the channel and not be archived', () => {
  for (const id of [APP, OLD_SMS, MAILING]) {
    assert.deepEqual(refusalOf({ ...toAda, messages: { sms: { ...sms, subscription_group_id: id } } }), [
      'invalid_subscription_group',
      [`messages.sms.subscription_group_id: does not name a subscription group for sms of this workspace, got "${id}"`],
    ]);
  }
  assert.equal(refusalOf({ ...toAda, messages: { sms } }), null);
});

test('templates are parsed last, and each problem is reported under its path', () => {
  const extras = { 'first key': '{% if %}', ok: 'text' };
  const [code, errors] = refusalOf({ ...toAda, messages: { email: { ...email, subject: '{{', extras } } }) ?? [];
  assert.equal(code, 'bad_request');
  assert.equal(errors?.length, 2);
  assert.match(errors?.[0] ?? '', /^messages\.email\.subject: not a valid template: /);
  assert.match(errors?.[1] ?? '', /^messages\.email\.extras\.first key: not a valid template: /);
});

test('an email without a sender gets the sender of the workspace', () => {
  const { from: _, ...anonymous } = email;
  const body = { ...toAda, messages: { email: anonymous } };
  assert.deepEqual(refusalOf(body), [
    'bad_request',
    ['messages.email.from: is required: this workspace has no default sender'],
  ]);
  const withSender = { ...settings, email: { ...settings.email, defaultFrom: 'hello@acme.test' } };
  const { plan } = checkNow(body, { ...catalog, settings: withSender }, NOW);
  assert.deepEqual(plan.messages.email, { ...anonymous, from: 'hello@acme.test' });
});

test('a webhook may use another port only if the operator allows the target', () => {
  const body = { ...toAda, messages: { webhook: { ...webhook, url: 'https://acme.test:8443/' } } };
  assert.deepEqual(refusalOf(body), [
    'bad_request',
    [
      'messages.webhook.url: expected port 80 or 443, got 8443: webhook.allow in the workspace file names no other target',
    ],
  ]);
  const allowing = { ...settings, webhook: { ...settings.webhook, allow: ['acme.test:8443'] } };
  assert.equal(refusalOf(body, { ...catalog, settings: allowing }), null);
});

test('empty values, as PHP clients write them, are absent', () => {
  const plain = checkNow({ ...toAda, messages: { webhook } }, catalog, NOW);
  const empties: Record<string, unknown>[] = [
    { recipient_subscription_state: '' },
    { schedule: null, trigger_properties: {}, attributes: [], recipients: {}, segment_ids: '' },
    { schedule: [], trigger_properties: [], attributes: {} },
    { user_aliases: '', campaign_id: '', broadcast: '' },
    { cresset: [] },
    { cresset: { delivery: '', dry_run: '' } },
    { messages: { webhook: { ...webhook, request_headers: [] }, email: [], apple_push: '', sms: null } },
  ];
  for (const body of empties) {
    assert.deepEqual(checkNow({ ...toAda, messages: { webhook }, ...body }, catalog, NOW), plain, JSON.stringify(body));
  }
  for (const extra of [[], '', null]) {
    const push = { android_push: { title: 't', alert: 'a', extra } };
    const { plan } = checkNow({ ...toAda, messages: push }, catalog, NOW);
    assert.equal(Object.hasOwn(plan.messages.android_push ?? {}, 'extra'), false);
  }
  assert.equal(refusalOf({ ...toAda, messages: [] })?.[0], 'no_message');
  assert.equal(refusalOf({ segment_id: SEGMENT, audience: [], messages: { webhook } })?.[0], 'bad_request');
});

test('a good body becomes a plan of plain JSON, with the ids of the catalog', () => {
  const body = {
    external_user_ids: ['ada', 7],
    user_aliases: { alias_name: 'a', alias_label: 'l' },
    segment_id: SEGMENT.toUpperCase(),
    recipient_subscription_state: 'all',
    cresset: { dry_run: 'true', delivery: 'at_most_once' },
    ...{ campaign_id: 'welcome', messages: { email: { ...email, message_variation_id: 'mail' } } },
  };
  const { plan, dryRun, remarks } = checkNow(body, catalog, NOW);
  assert.deepEqual(plan, {
    version: 1,
    names: [
      { label: '', name: 'ada' },
      { label: '', name: '7' },
      { label: 'l', name: 'a' },
    ],
    segmentId: SEGMENT,
    audience: null,
    campaignId: 'welcome',
    sendId: null,
    obeysCaps: true,
    countsTowardCaps: true,
    requiredState: 'all',
    delivery: 'at_most_once',
    messages: { email: { ...email, message_variation_id: 'mail' } },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  assert.equal(dryRun, true);
  assert.deepEqual(remarks, { minors: [], warnings: [] });
});

test('caps are obeyed unless the request or its campaign says otherwise', () => {
  const capsOf = (body: object) => {
    const { obeysCaps, countsTowardCaps } = checkNow({ ...body }, catalog, NOW).plan;
    return [obeysCaps, countsTowardCaps];
  };
  assert.deepEqual(capsOf(good), [true, true]);
  assert.deepEqual(capsOf({ ...good, override_frequency_capping: true }), [false, false]);
  assert.deepEqual(capsOf({ ...good, override_messaging_limits: 1 }), [false, false]);
  assert.deepEqual(capsOf(ofCampaign('mail', 'urgent')), [false, true]);
});

test('skipped members are reported, and the rest goes out', () => {
  const { plan, remarks } = checkNow(
    {
      external_user_ids: ['ada', '', null],
      user_aliases: [{ alias_name: 'a' }, 'b'],
      messages: { email: { ...email, bcc: 'x@acme.test' }, 'fax\n': {}, webhook: '' },
    },
    catalog,
    NOW,
  );
  assert.deepEqual(plan.names, [{ label: '', name: 'ada' }]);
  assert.deepEqual(Object.keys(plan.messages), ['email']);
  assert.deepEqual(remarks.minors, [
    'external_user_ids[1] is not a non-empty string and was skipped',
    'external_user_ids[2] is not a non-empty string and was skipped',
    'user_aliases[0] has no non-empty alias_name and alias_label and was skipped',
    'user_aliases[1] has no non-empty alias_name and alias_label and was skipped',
    'messages.fax? is not a supported channel and was skipped',
  ]);
  assert.deepEqual(remarks.warnings, ['messages.email.bcc: this workspace has no BCC addresses; it was dropped']);
});

test('members of the prototype name nobody and send nothing; `__proto__` of a body pollutes nothing', () => {
  const body: Record<string, unknown> = JSON.parse('{"__proto__":{"external_user_ids":["ada"],"broadcast":true}}');
  assert.deepEqual(refusalOf({ ...body, messages: { email } }), [
    'no_recipients',
    [
      'external_user_ids, user_aliases, segment_id, audience: expected at least one, got none',
      '__proto__: not known, ignored',
    ],
  ]);
  assert.equal(Reflect.get({}, 'broadcast'), undefined);
});

test('a hundred thousand mistakes are reported in a hundred lines', () => {
  const many = <T>(value: T): T[] => Array.from({ length: 100_000 }, () => value);
  const { minors } = checkNow({ ...good, external_user_ids: ['ada', ...many(null)] }, catalog, NOW).remarks;
  assert.deepEqual([minors.length, minors.at(-1)], [101, 'and 99900 more']);
  const [, errors] = refusalOf({ ...good, external_user_ids: many(0.5) }) ?? [];
  assert.deepEqual([errors?.length, errors?.at(-1)], [101, 'and 99900 more']);
});
