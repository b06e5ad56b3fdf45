import { readUserToken } from '../../cards/user-token.ts';
import type { FeedSettings } from '../../channels/content-card/settings.ts';
import { RequestError } from '../../errors.ts';
import type { OwnCounts } from '../../lib/limits/own-counts.ts';
import { type App, type Catalog, idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { PageHeaders, PageRequest } from '../page.ts';
import type { RateBucket } from '../route.ts';

type Asked = Pick<PageRequest, 'headers' | 'query'>;

/** A user of an app, as a token proves. */
export interface AppUser {
  app: App;
  workspace: WorkspaceCatalog;
  externalId: string;
}

/** An app whose users may fetch their cards. */
interface FeedApp {
  app: App;
  workspace: WorkspaceCatalog;
  settings: FeedSettings;
}

/** The headers by which a browser lets pages of the app's origins read an answer, also one that refuses. */
export function corsHeaders(catalog: Catalog, request: Asked): PageHeaders {
  const { origin } = request.headers;
  const found = findApp(catalog, appIdOf(request));
  const isAllowed = typeof origin === 'string' && found?.settings.origins?.includes(origin) === true;
  return {
    vary: 'Origin',
    'x-content-type-options': 'nosniff',
    ...(isAllowed && { 'access-control-allow-origin': origin, 'access-control-expose-headers': 'ETag, Retry-After' }),
  };
}

/** A preflight has no token, and names the app only in the query. The headers are listed, because `*` leaves out Authorization. */
export function preflightHeaders(catalog: Catalog, request: Asked): PageHeaders {
  return {
    ...corsHeaders(catalog, request),
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type, if-none-match, x-app-id',
    'access-control-max-age': '7200',
  };
}

/** Where a request names its app and its user, if not in the query and the headers. */
interface InBody {
  appId?: unknown;
  token?: unknown;
}

/**
 * Reads on behalf of which user of which app a request is made. A page of another origin than the app's is refused. Throws
 * RequestError.
 */
export function readUser(
  { catalog, now }: { catalog: Catalog; now: Date },
  request: Asked,
  { appId, token }: InBody = {},
): AppUser {
  const found = findApp(catalog, appIdOf(request) ?? appId);
  if (found === null) throw new RequestError('not_found', ['app_id: expected an app that has content_cards']);
  const { app, workspace, settings } = found;
  const { origin } = request.headers;
  if (origin !== undefined && (typeof origin !== 'string' || settings.origins?.includes(origin) !== true))
    throw new RequestError('origin_not_allowed', ['Origin: expected one of the content_cards.origins of the app']);
  const reading = readUserToken(bearerOf(request) ?? token, { settings, appId: app.id, now });
  if (!reading.ok) throw new RequestError('invalid_user_token', [`token: ${reading.problem}`]);
  return { app, workspace, externalId: reading.externalId };
}

/** null: the request names none. */
function appIdOf({ headers, query }: Asked): string | null {
  const header = headers['x-app-id'];
  return query.get('app_id') ?? (typeof header === 'string' ? header : null);
}

function findApp(catalog: Catalog, appId: unknown): FeedApp | null {
  if (typeof appId !== 'string') return null;
  const workspace = catalog.workspaceOfApp(appId);
  const app = workspace?.apps.get(idKey(appId));
  return workspace === undefined || app?.cardFeed === undefined ? null : { app, workspace, settings: app.cardFeed };
}

function bearerOf({ headers }: Asked): string | null {
  const { authorization } = headers;
  return typeof authorization === 'string' ? (/^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '') : null;
}

/** Counts a request of one user. Throws RequestError. */
export function charge(counts: OwnCounts, { workspace, externalId }: AppUser, { name, limit }: RateBucket): void {
  const most = workspace.settings.rateLimits[name] ?? limit;
  const retryAfterS = counts.charge(`${name} ${workspace.id} ${externalId}`, most);
  if (retryAfterS === null) return;
  throw new RequestError('rate_limited', [`all ${most} requests of this minute are used up`], retryAfterS);
}
