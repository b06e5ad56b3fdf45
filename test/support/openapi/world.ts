import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import pino from 'pino';
import { SendOrigins } from '../../../src/dispatch/ledger/feedback/send-origins.ts';
import { applyFeedback } from '../../../src/feedback/apply.ts';
import { exampleIds as ids } from '../../../src/http/openapi/example-ids.ts';
import { secretFrom } from '../../../src/workspace/secrets.ts';
import { rateBuckets } from '../../../src/workspace/settings.ts';
import { watchCatalog } from '../../../src/workspace/watch-catalog.ts';
import { startTestApp, type TestApp } from '../app.ts';

/** Everything that the examples of the document name. */
const definitions = `
apps:
  - { id: ${ids.app}, name: Acme iOS, platform: ios }
  - { id: ${ids.webApp}, name: Acme Web, platform: web }
email: { default_from: hello@acme.example }
subscription_groups:
  - { id: ${ids.emailGroup}, name: News, channel: email }
  - { id: ${ids.smsGroup}, name: Alerts, channel: sms }
  - { id: ${ids.whatsAppGroup}, name: Support, channel: whats_app }
segments:
  - { id: ${ids.segment}, name: Everybody, filter: null }
event_webhooks:
  - { name: warehouse, url: "https://warehouse.example.com/events", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw }
campaigns:
  - { id: spring, name: Spring, kind: api, tags: [sale], variations: [{ id: mail, channel: email }] }
  - id: welcome
    name: Welcome
    kind: api_triggered
    variations: [{ id: hello, channel: webhook }]
    messages: { webhook: { message_variation_id: hello, url: "https://example.com/hook", request_method: POST, body: "Hi" } }
  - id: receipt
    name: Receipt
    kind: transactional
    variations: [{ id: paid, channel: email }]
    messages: { email: { message_variation_id: paid, app_id: ${ids.app}, subject: Receipt, body: Thanks } }
`;

const campaignIds = ['spring', 'welcome', 'receipt'];

export interface World {
  app: TestApp;
  /** What stands in the place of ids of the document that the server chooses. */
  standIns: Map<string, string>;
  /** Makes what the example of an operation needs. */
  prepare(operation: string): Promise<void>;
}

export async function startWorld(t: TestContext): Promise<World> {
  return fillWorld(await startTestApp(t, { worker: false }));
}

/** `idOf`: the id of a definition. Default: that of the document. Two workspaces of a server cannot have the same. */
export async function fillWorld(app: TestApp, idOf = (id: string) => id): Promise<World> {
  const given = [...Object.values(ids), ...campaignIds].filter((id) => definitions.includes(`id: ${id}`));
  const own = given.reduce((text, id) => text.replaceAll(`id: ${id}`, `id: ${idOf(id)}`), definitions);
  await app.givenWorkspace(own);
  await app.givenWorkspace(own + roomyRates);
  const standIns = new Map(given.filter((id) => idOf(id) !== id).map((id): [string, string] => [id, idOf(id)]));
  await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', first_name: 'Ada', email: 'ada@example.com', phone: '+4366412345678' },
      { external_id: 'bob', email: 'bob@example.com' },
    ],
  });
  const world = { app, standIns };
  return { ...world, prepare: async (operation) => preparations[operation]?.(world) };
}

/** Makes what the example of an operation of the public API needs, in any world. */
export async function prepareExample(operation: string, world: Omit<World, 'prepare'>): Promise<void> {
  await preparations[operation]?.(world);
}

type Preparation = (world: Omit<World, 'prepare'>) => Promise<void>;
/** Makes a dispatch that waits, and tells the examples its id. */
const givenDispatch: Preparation = async ({ app, standIns }) => {
  const message = { url: 'https://example.com', request_method: 'POST', body: 'Hi' };
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook: message } });
  standIns.set(ids.dispatch, body.dispatch_id);
};
const givenOrder =
  (verb: string): Preparation =>
  async (world) => {
    await givenDispatch(world);
    await world.app.post(`/dispatches/${world.standIns.get(ids.dispatch)}/${verb}`, {});
  };
let made = 0;
const givenTemplate: Preparation = async ({ app, standIns }) => {
  const { body } = await app.post('/templates/email/create', { template_name: 'Old', subject: 'Old', body: 'Old' });
  standIns.set(ids.emailTemplate, body.email_template_id);
};
const givenBlock: Preparation = async ({ app, standIns }) => {
  made += 1;
  const { body } = await app.post('/content_blocks/create', { name: `block_${made}`, content: 'Old' });
  standIns.set(ids.contentBlock, body.content_block_id);
};
/** The name of a block may be given once, so each example gets its own. */
const givenBlockName: Preparation = async ({ standIns }) => {
  made += 1;
  standIns.set('footer_new', `footer_${made}`);
};
const givenMediaFile: Preparation = async ({ app, standIns }) => {
  const dot = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';
  const { body } = await app.post('/media_library/create', { name: 'dot.gif', asset_file: dot });
  standIns.set(ids.mediaFile, body.new_assets[0].asset_id);
};
const centerHtml = { preference_center_page_html: 'Old', confirmation_page_html: 'Old' };
const givenCenter: Preparation = async ({ app, standIns }) => {
  made += 1;
  const { body } = await app.post('/preference_center/v1', { name: `center_${made}`, ...centerHtml });
  standIns.set(ids.preferenceCenter, body.preference_center_api_id);
};
const givenCenterName: Preparation = async ({ standIns }) => {
  made += 1;
  standIns.set('choices_new', `choices_${made}`);
};
/** The catalog `games`, with one item, and without what the examples add. */
const givenGames: Preparation = async ({ app }) => {
  const string = (name: string) => ({ name, type: 'string' });
  await app.post('/catalogs', {
    catalogs: [{ name: 'games', fields: [string('id'), string('title'), { name: 'price', type: 'number' }] }],
  });
  await app.post('/catalogs/games/fields', { fields: [{ name: 'price', type: 'number' }] });
  await app.call('PUT', '/catalogs/games/items', { items: [{ id: 'chess', title: 'Chess', price: 10 }] });
  const filters = [{ field: 'title', operator: 'equals', value: 'Chess' }];
  await app.post('/catalogs/games/selections', { selection: { name: 'dear', filters, results_limit: 5 } });
  for (const path of ['items/go', 'selections/cheap', 'fields/players'])
    await app.call('DELETE', `/catalogs/games/${path}`);
};
const givenNoGames: Preparation = async (world) => {
  await givenGames(world);
  await world.app.call('DELETE', '/catalogs/games/items/chess');
};
const givenNoBooks: Preparation = async ({ app }) => {
  await app.call('DELETE', '/catalogs/books');
};
const givenVisitor: Preparation = async ({ app }) => {
  await app.post('/users/track', {
    attributes: [{ user_alias: { alias_name: 'visitor-7', alias_label: 'shop' }, _update_existing_only: false }],
  });
};
const givenBob: Preparation = async ({ app }) => {
  await app.post('/users/track', {
    attributes: [{ external_id: 'bob', email: 'bob@example.com' }, { external_id: 'ada' }],
  });
};
const givenAlias: Preparation = async ({ app, standIns }) => {
  made += 1;
  standIns.set('ada-1', `ada-${made}`);
  await app.post('/users/track', {
    attributes: [{ user_alias: { alias_name: `ada-${made}`, alias_label: 'shop' }, _update_existing_only: false }],
  });
  standIns.set('ada-2', `ada-${made}-new`);
};
const givenNoExport: Preparation = async ({ app, standIns }) => {
  await app.post('/export/segment/cancel', { segment_id: standIns.get(ids.segment) ?? ids.segment });
};
const givenSchedule: Preparation = async ({ app, standIns }) => {
  const message = { url: 'https://example.com', request_method: 'POST', body: 'Hi' };
  const schedule = { time: '2026-12-24T18:00:00Z' };
  const { body } = await app.post('/messages/schedule/create', {
    external_user_ids: ['ada'],
    messages: { webhook: message },
    schedule,
  });
  standIns.set(ids.schedule, body.schedule_id);
};
const givenTriggerSchedule =
  (name: string, idMember: string): Preparation =>
  async ({ app, standIns }) => {
    const body = {
      [idMember]: standIns.get('welcome') ?? 'welcome',
      recipients: [{ external_user_id: 'ada' }],
      schedule: { time: '2026-12-24T18:00:00Z' },
    };
    const reply = await app.post(`/${name}/trigger/schedule/create`, body);
    standIns.set(ids.schedule, reply.body.schedule_id);
  };
const givenReceipt: Preparation = async ({ standIns }) => {
  made += 1;
  standIns.set('order-4711', `order-${made}`);
};
const givenSendId: Preparation = async ({ app, standIns }) => {
  await app.post('/sends/id/create', { campaign_id: standIns.get('spring') ?? 'spring', send_id: 'spring-monday' });
};
const givenEvent: Preparation = async ({ app }) => {
  const bounce = {
    eventId: randomUUID(),
    kind: 'bounced',
    occurredAt: app.clock.now(),
    provider: 'smtp',
    channel: 'email',
  } as const;
  await app.app.intake.take(app.workspaceId, [
    {
      ...bounce,
      send: null,
      providerMessageId: null,
      address: 'bob@example.com',
      permanent: false,
      code: '450',
      text: 'busy',
      detail: {},
    },
  ]);
  const catalog = await watchCatalog(app.db, secretFrom(app.secret), () => undefined);
  const { db, clock } = app;
  await applyFeedback({
    db,
    clock,
    log: pino({ level: 'silent' }),
    catalog: () => catalog.current(),
    origins: new SendOrigins(),
  });
  await catalog.stop();
};

const preparations: Readonly<Record<string, Preparation>> = {
  'GET /dispatches/{dispatch_id}': givenDispatch,
  'GET /dispatches/{dispatch_id}/recipients': givenDispatch,
  'POST /dispatches/{dispatch_id}/cancel': givenDispatch,
  'POST /dispatches/{dispatch_id}/pause': givenDispatch,
  'POST /dispatches/{dispatch_id}/resume': givenOrder('pause'),
  'POST /dispatches/{dispatch_id}/replay': givenOrder('cancel'),
  'POST /templates/email/update': givenTemplate,
  'GET /templates/email/info': givenTemplate,
  'POST /content_blocks/create': givenBlockName,
  'POST /content_blocks/update': givenBlock,
  'GET /content_blocks/info': givenBlock,
  'PUT /media_library/replace_file': givenMediaFile,
  'POST /preference_center/v1': givenCenterName,
  'PUT /preference_center/v1/{preference_center_id}': givenCenter,
  'POST /preference_center/v1/{preference_center_id}': givenCenter,
  'GET /preference_center/v1/{preference_center_id}': givenCenter,
  'GET /preference_center/v1/{preference_center_id}/url/{external_id}': givenCenter,
  'GET /sends/data_series': givenSendId,
  'POST /catalogs': givenNoBooks,
  'GET /catalogs/{catalog_name}': givenGames,
  'DELETE /catalogs/{catalog_name}': givenGames,
  'GET /catalogs/{catalog_name}/items': givenGames,
  'POST /catalogs/{catalog_name}/items': givenNoGames,
  'PUT /catalogs/{catalog_name}/items': givenGames,
  'PATCH /catalogs/{catalog_name}/items': givenGames,
  'DELETE /catalogs/{catalog_name}/items': givenGames,
  'GET /catalogs/{catalog_name}/items/{item_id}': givenGames,
  'POST /catalogs/{catalog_name}/items/{item_id}': givenGames,
  'PUT /catalogs/{catalog_name}/items/{item_id}': givenGames,
  'PATCH /catalogs/{catalog_name}/items/{item_id}': givenGames,
  'DELETE /catalogs/{catalog_name}/items/{item_id}': givenGames,
  'POST /catalogs/{catalog_name}/fields': givenGames,
  'DELETE /catalogs/{catalog_name}/fields/{field_name}': givenGames,
  'POST /catalogs/{catalog_name}/selections': givenGames,
  'DELETE /catalogs/{catalog_name}/selections/{selection_name}': givenGames,
  'POST /users/identify': givenVisitor,
  'POST /audience/explain': givenVisitor,
  'POST /users/merge': givenBob,
  'POST /users/external_ids/rename': givenBob,
  'POST /users/external_ids/remove': givenBob,
  'POST /users/alias/update': givenAlias,
  'POST /users/export/segment': givenNoExport,
  'POST /messages/schedule/update': givenSchedule,
  'POST /messages/schedule/delete': givenSchedule,
  'POST /campaigns/trigger/schedule/update': givenTriggerSchedule('campaigns', 'campaign_id'),
  'POST /campaigns/trigger/schedule/delete': givenTriggerSchedule('campaigns', 'campaign_id'),
  'POST /canvas/trigger/schedule/update': givenTriggerSchedule('canvas', 'canvas_id'),
  'POST /canvas/trigger/schedule/delete': givenTriggerSchedule('canvas', 'canvas_id'),
  'POST /transactional/v1/campaigns/{campaign_id}/send': givenReceipt,
  'POST /event_webhooks/{name}/replay': givenEvent,
};

/** Limits that a test does not reach. */
const roomyRates = `rate_limits: { ${rateBuckets.map((name) => `${JSON.stringify(name)}: 1000000`).join(', ')} }\n`;
