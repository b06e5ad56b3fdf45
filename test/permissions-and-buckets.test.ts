// Each endpoint opens to one permission and counts in one bucket, as the tables of the specification say.
// Source: adjacent-endpoints.md §1 and §9; more-endpoints.md §1 to §8, §10 and §12; catalogs.md §2 to §5 and §7.
import assert from 'node:assert/strict';
import test from 'node:test';
import { nameOf } from '../src/http/openapi/document.ts';
import type { Permission } from '../src/workspace/permissions.ts';
import { startTestApp } from './support/app.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Row = [method: Method, path: string, permission: Permission | null, limit: number];

const DEFAULT = 250_000;
/** Of the two windows of a broadcast the headers tell the one that is nearer its end: here that of the audience. */
const BROADCAST = 10;
const IDENTITY = 20_000;
const NAMES = 1_000;

const users: Row[] = [
  ['POST', '/users/track', 'users.track', 3_000],
  ['POST', '/users/track/bulk', 'users.track.bulk', 50],
  ['POST', '/users/track/sync', 'users.track.sync', 500],
  ['POST', '/users/alias/new', 'users.alias.new', IDENTITY],
  ['POST', '/users/alias/update', 'users.alias.update', IDENTITY],
  ['POST', '/users/identify', 'users.identify', IDENTITY],
  ['POST', '/users/merge', 'users.merge', IDENTITY],
  ['POST', '/users/delete', 'users.delete', IDENTITY],
  ['POST', '/users/external_ids/rename', 'users.external_ids.rename', 1_000],
  ['POST', '/users/external_ids/remove', 'users.external_ids.remove', 1_000],
  ['POST', '/users/export/ids', 'users.export.ids', 250],
  ['POST', '/users/export/segment', 'users.export.segment', DEFAULT],
  ['POST', '/export/segment/cancel', 'segments.list', DEFAULT],
];

const consent: Row[] = [
  ['POST', '/email/status', 'email.status', DEFAULT],
  ['GET', '/email/hard_bounces', 'email.hard_bounces', DEFAULT],
  ['GET', '/email/unsubscribes', 'email.unsubscribe', DEFAULT],
  ['POST', '/email/blocklist', 'email.blacklist', DEFAULT],
  ['POST', '/email/blacklist', 'email.blacklist', DEFAULT],
  ['POST', '/email/bounce/remove', 'email.bounce.remove', DEFAULT],
  ['POST', '/email/spam/remove', 'email.spam.remove', DEFAULT],
  ['POST', '/subscription/status/set', 'subscription.status.set', 5_000],
  ['POST', '/v2/subscription/status/set', 'subscription.status.set', 5_000],
  ['GET', '/subscription/status/get', 'subscription.status.get', DEFAULT],
  ['GET', '/subscription/user/status', 'subscription.groups.get', DEFAULT],
  ['GET', '/sms/invalid_phone_numbers', 'sms.invalid_phone_numbers', DEFAULT],
  ['POST', '/sms/invalid_phone_numbers/remove', 'sms.invalid_phone_numbers.remove', DEFAULT],
];

/** A request that names nobody is a broadcast. */
const sending: Row[] = [
  ['POST', '/messages/schedule/create', 'messages.schedule.create', DEFAULT],
  ['POST', '/messages/schedule/update', 'messages.schedule.update', DEFAULT],
  ['POST', '/messages/schedule/delete', 'messages.schedule.delete', DEFAULT],
  ['GET', '/messages/scheduled_broadcasts', 'messages.schedule_broadcasts', DEFAULT],
  ['POST', '/transactional/v1/campaigns/any/send', 'transactional.send', DEFAULT],
  ['POST', '/campaigns/trigger/send', 'campaigns.trigger.send', BROADCAST],
  ['POST', '/campaigns/trigger/schedule/create', 'campaigns.trigger.schedule.create', BROADCAST],
  ['POST', '/campaigns/trigger/schedule/update', 'campaigns.trigger.schedule.update', DEFAULT],
  ['POST', '/campaigns/trigger/schedule/delete', 'campaigns.trigger.schedule.delete', DEFAULT],
  ['POST', '/canvas/trigger/send', 'canvas.trigger.send', BROADCAST],
  ['POST', '/canvas/trigger/schedule/create', 'canvas.trigger.schedule.create', BROADCAST],
  ['POST', '/canvas/trigger/schedule/update', 'canvas.trigger.schedule.update', DEFAULT],
  ['POST', '/canvas/trigger/schedule/delete', 'canvas.trigger.schedule.delete', DEFAULT],
];

const reading: Row[] = [
  ['POST', '/sends/id/create', 'sends.id.create', DEFAULT],
  ['GET', '/sends/data_series', 'sends.data_series', DEFAULT],
  ['GET', '/campaigns/list', 'campaigns.list', DEFAULT],
  ['GET', '/campaigns/details', 'campaigns.details', DEFAULT],
  ['GET', '/campaigns/data_series', 'campaigns.data_series', 50_000],
  ['GET', '/segments/list', 'segments.list', DEFAULT],
  ['GET', '/segments/details', 'segments.details', DEFAULT],
  ['GET', '/segments/data_series', 'segments.data_series', DEFAULT],
  ['GET', '/canvas/list', 'canvas.list', DEFAULT],
  ['GET', '/canvas/details', 'canvas.details', DEFAULT],
  ['GET', '/canvas/data_series', 'canvas.data_series', DEFAULT],
  ['GET', '/canvas/data_summary', 'canvas.data_summary', DEFAULT],
  ['GET', '/events/list', 'events.list', NAMES],
  ['GET', '/events', 'events.get', NAMES],
  ['GET', '/events/data_series', 'events.data_series', DEFAULT],
  ['GET', '/custom_attributes', 'custom_attributes.get', NAMES],
  ['POST', '/custom_attributes/blocklist', 'custom_attributes.update', DEFAULT],
  ['GET', '/purchases/product_list', 'purchases.product_list', NAMES],
  ['GET', '/purchases/quantity_series', 'purchases.quantity_series', NAMES],
  ['GET', '/purchases/revenue_series', 'purchases.revenue_series', NAMES],
  ['GET', '/sessions/data_series', 'sessions.data_series', DEFAULT],
  ['GET', '/kpi/new_users/data_series', 'kpi.new_users.data_series', DEFAULT],
  ['GET', '/kpi/dau/data_series', 'kpi.dau.data_series', DEFAULT],
  ['GET', '/kpi/mau/data_series', 'kpi.mau.data_series', DEFAULT],
  ['GET', '/kpi/uninstalls/data_series', 'kpi.uninstalls.data_series', DEFAULT],
  ['GET', '/feed/list', null, DEFAULT],
  ['GET', '/feed/details', null, DEFAULT],
  ['GET', '/feed/data_series', null, DEFAULT],
];

const content: Row[] = [
  ['POST', '/templates/email/create', 'templates.email.create', DEFAULT],
  ['POST', '/templates/email/update', 'templates.email.update', DEFAULT],
  ['GET', '/templates/email/info', 'templates.email.info', DEFAULT],
  ['GET', '/templates/email/list', 'templates.email.list', DEFAULT],
  ['POST', '/content_blocks/create', 'content_blocks.create', DEFAULT],
  ['POST', '/content_blocks/update', 'content_blocks.update', DEFAULT],
  ['GET', '/content_blocks/info', 'content_blocks.info', DEFAULT],
  ['GET', '/content_blocks/list', 'content_blocks.list', DEFAULT],
  ['GET', '/preference_center/v1/list', 'preference_center.list', 1_000],
  ['GET', '/preference_center/v1/any', 'preference_center.get', 1_000],
  ['GET', '/preference_center/v1/any/url/ada', 'preference_center.user.get', 1_000],
  ['POST', '/preference_center/v1', 'preference_center.update', 10],
  ['PUT', '/preference_center/v1/any', 'preference_center.update', 10],
  ['POST', '/preference_center/v1/any', 'preference_center.update', 10],
  ['POST', '/media_library/create', 'media_library.create', 100],
  ['PUT', '/media_library/replace_file', 'media_library.replace', 100],
];

const itemCatalogs: Row[] = [
  ['GET', '/catalogs', 'catalogs.get', 50],
  ['POST', '/catalogs', 'catalogs.create', 50],
  ['GET', '/catalogs/any', 'catalogs.get', 50],
  ['DELETE', '/catalogs/any', 'catalogs.delete', 50],
  ['GET', '/catalogs/any/items', 'catalogs.get_items', 50],
  ['POST', '/catalogs/any/items', 'catalogs.add_items', 16_000],
  ['PATCH', '/catalogs/any/items', 'catalogs.update_items', 16_000],
  ['PUT', '/catalogs/any/items', 'catalogs.replace_items', 16_000],
  ['DELETE', '/catalogs/any/items', 'catalogs.delete_items', 16_000],
  ['GET', '/catalogs/any/items/one', 'catalogs.get_item', 50],
  ['POST', '/catalogs/any/items/one', 'catalogs.create_item', 50],
  ['PATCH', '/catalogs/any/items/one', 'catalogs.update_item', 50],
  ['PUT', '/catalogs/any/items/one', 'catalogs.replace_item', 50],
  ['DELETE', '/catalogs/any/items/one', 'catalogs.delete_item', 50],
  ['POST', '/catalogs/any/fields', 'catalogs.create_fields', 50],
  ['DELETE', '/catalogs/any/fields/one', 'catalogs.delete_fields', 50],
  ['POST', '/catalogs/any/selections', 'catalogs.create_selection', 50],
  ['DELETE', '/catalogs/any/selections/one', 'catalogs.delete_selection', 50],
];

const rows = [...users, ...consent, ...sending, ...reading, ...content, ...itemCatalogs];

test('each endpoint opens to its own permission, to no other, and counts in its own bucket', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const permissions = [...new Set(rows.flatMap(([, , permission]) => permission ?? []))];
  const keys = new Map<Permission, string>();
  for (const permission of permissions) keys.set(permission, await app.givenKey({ permissions: [permission] }));
  const all = await app.givenKey({ permissions });
  for (const [method, path, permission, limit] of rows) {
    const ask = (key: string) => {
      if (method === 'GET') return app.get(path, { key });
      return method === 'POST' ? app.post(path, {}, { key }) : app.call(method, path, {}, { key });
    };
    const name = `${method} ${path}`;
    const other = permissions.find((one) => one !== permission) as Permission;
    const stranger = await ask(keys.get(other) as string);
    const refused = [403, 'You do not have permission to access this resource'];
    if (permission === null) assert.notEqual(stranger.status, 403, name);
    else assert.deepEqual([stranger.status, stranger.body.message], refused, name);
    const own = await ask(permission === null ? all : (keys.get(permission) as string));
    assert.ok(own.status < 500 && ![401, 403].includes(own.status), `${name}: ${own.status}`);
    assert.equal(own.headers.get('x-ratelimit-limit'), String(limit), name);
  }
});

test('every endpoint of the original that is here stands in the tables', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const listed = rows.map(([method, path]) => `${method} ${path}`);
  const ours =
    /^(audience|dispatches|email\/relays|event_webhooks|media_library\/list|message_events|messages\/preview|push|sandbox|status|subscription\/accounts|users\/:external_id\/(consent|messages)|users\/(consent|messages))(\/|$)/;
  const patternOf = (name: string) => new RegExp(`^${name.replace(/:\w+/g, '[^/]+')}$`);
  const missing = app.app.routes
    .filter(({ path }) => !ours.test(path.slice(1)))
    .map(nameOf)
    .filter((name) => !listed.some((one) => patternOf(name).test(one)));
  assert.deepEqual(missing, ['POST /messages/send'], 'its permission and buckets are in send-vectors and rates');
});
