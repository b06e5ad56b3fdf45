import ipaddr from 'ipaddr.js';
import type { VapidSettings } from '../../channels/web-push/settings.ts';
import type { Database } from '../../db/database.ts';
import { RequestError } from '../../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { forgetBrowser, registerBrowser } from '../../people/tokens/browsers.ts';
import { type App, type Catalog, idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { Page, PageAnswer, PageRequest } from '../page.ts';
import type { RateLimiter } from '../rate/rate-limiter.ts';
import type { RateBucket } from '../route.ts';
import { crossOrigin, script, sdkFile } from './scripts.ts';
import {
  readBody,
  readNewToken,
  readPerson,
  readToken,
  refuseUnknown,
  registrationMembers,
  removalMembers,
} from './web-push-request.ts';

export interface WebPushPageDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  limiter: RateLimiter;
}

const MAX_BODY_BYTES = 16_384;
/** Counts the calls of each network. */
const networkBucket: RateBucket = { name: 'web_push_subscriptions', limit: 60, windowMs: 60_000 };

const preflight = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'content-type',
  'access-control-max-age': '86400',
};

/** The scripts and calls of browsers, without a key. Documented in docs/web-push.md; identity: decision 0019. */
export function webPushPages(deps: WebPushPageDeps): Page[] {
  return [
    script('/sdk/web-push.js', 'web-push.js', { 'cache-control': 'public, max-age=3600' }),
    script('/sdk/web-push-sw.js', 'web-push-sw.js', { 'cache-control': 'no-cache', 'service-worker-allowed': '/' }),
    {
      method: 'GET',
      path: '/sdk/web-push/demo',
      headers: { 'x-frame-options': 'DENY' },
      handle: async () => ({ status: 200, type: 'text/html; charset=utf-8', body: sdkFile('web-push-demo.html') }),
    },
    ...api('GET', '/sdk/web-push/config', async ({ query }) => {
      const { settings } = appOf(deps.catalog, query.get('app_id'));
      const body = { vapid_public_key: settings.public_key, message: 'success' };
      return { ...json(200, body), headers: { 'cache-control': 'public, max-age=300' } };
    }),
    ...api('POST', '/sdk/web-push/subscriptions', (request) => register(deps, request)),
    ...api('POST', '/sdk/web-push/subscriptions/remove', (request) => remove(deps, request)),
  ];
}

/** Any origin may call, because no cookie identifies a caller. */
function api(method: 'GET' | 'POST', path: string, handle: Page['handle']): Page[] {
  const common = { path, bodyLimitBytes: MAX_BODY_BYTES };
  return [
    { ...common, method, headers: crossOrigin, handle },
    { ...common, method: 'OPTIONS', headers: { ...crossOrigin, ...preflight }, handle: async () => json(200, {}) },
  ];
}

async function register({ db, clock, catalog, limiter }: WebPushPageDeps, request: PageRequest): Promise<PageAnswer> {
  const now = clock.now();
  const body = readBody(request.rawBody);
  const { app, workspace, settings } = appOf(catalog, body.get('app_id'));
  await charge(limiter, workspace, request.address);
  refuseUnknown(body, registrationMembers);
  const token = readNewToken(body.get('subscription'), { settings, now });
  const previous = body.has('previous') ? readToken(body.get('previous'), 'previous') : null;
  const externalId = readPerson(body, { app, settings, now });
  await registerBrowser(db, { visit: { app, token, previous, externalId }, workspace, now });
  return json(201, { message: 'success' });
}

async function remove({ db, catalog, limiter }: WebPushPageDeps, request: PageRequest): Promise<PageAnswer> {
  const body = readBody(request.rawBody);
  const { app, workspace } = appOf(catalog, body.get('app_id'));
  await charge(limiter, workspace, request.address);
  refuseUnknown(body, removalMembers);
  await forgetBrowser(db, { appId: app.id, token: readToken(body.get('subscription'), 'subscription') });
  // The answer is the same whether or not the token was known, so that it reveals nothing.
  return json(200, { message: 'success' });
}

function appOf(catalog: Catalog, appId: unknown): { app: App; workspace: WorkspaceCatalog; settings: VapidSettings } {
  if (typeof appId !== 'string') throw new RequestError('bad_request', ['app_id: expected a text']);
  const workspace = catalog.workspaceOfApp(appId);
  const app = workspace?.apps.get(idKey(appId));
  if (workspace === undefined || app?.provider?.kind !== 'vapid')
    throw new RequestError('not_found', ['app_id: expected an app of platform web that has vapid keys']);
  return { app, workspace, settings: app.provider.settings };
}

async function charge(limiter: RateLimiter, workspace: WorkspaceCatalog, address: string): Promise<void> {
  const { name } = networkBucket;
  const limit = workspace.settings.rateLimits[name] ?? networkBucket.limit;
  const bucket = { ...networkBucket, name: `${name} ${networkOf(address)}`, limit };
  const { allowed, resetsInS } = await limiter.charge(limiter.windowOf(workspace.id, bucket));
  if (!allowed) throw new RequestError('rate_limited', [`all ${limit} requests of this minute are used up`], resetsInS);
}

/** The caller's network: for IPv6 a whole prefix, because one caller has many addresses. */
function networkOf(address: string): string {
  // A proxy's header may hold any text.
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${parsed
    .toByteArray()
    .slice(0, 8)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')}/64`;
}

function json(status: number, body: object): PageAnswer {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}
