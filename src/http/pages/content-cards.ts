import type { FeedCard } from '../../cards/feed.ts';
import { createFeedReader, type FeedReader } from '../../cards/read-feed.ts';
import type { Platform } from '../../channels/provider.ts';
import type { Database } from '../../db/database.ts';
import { RequestError } from '../../errors.ts';
import type { FeedbackDeps } from '../../feedback/take.ts';
import type { Clock } from '../../lib/clock.ts';
import { OwnCounts } from '../../lib/limits/own-counts.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import { firstProblem } from '../../lib/raw/problems.ts';
import { undashed } from '../../lib/uuid.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import { parseBody } from '../body/body.ts';
import type { Page, PageAnswer, PageRequest } from '../page.ts';
import { checkQuery, readDateTime } from '../query.ts';
import type { RateBucket } from '../route.ts';
import { readEvents, takeCardEvents } from './content-cards-events.ts';
import { charge, corsHeaders, preflightHeaders, readUser } from './content-cards-request.ts';
import { script } from './scripts.ts';

export interface ContentCardPageDeps extends FeedbackDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
}

interface Parts extends ContentCardPageDeps {
  reader: FeedReader;
  counts: OwnCounts;
}

const MINUTE_MS = 60_000;
const FEED = '/feed/v1/content_cards';
const EVENTS = `${FEED}/events`;
/** As much as browsers send in a beacon. */
const MOST_BODY_BYTES = 65_536;
/** Counts the polls of each user. */
const feedBucket: RateBucket = { name: 'content_cards_feed', limit: 60, windowMs: MINUTE_MS };

/** Counts the reports of each user. */
const eventsBucket: RateBucket = { name: 'content_cards_events', limit: 60, windowMs: MINUTE_MS };

/** What apps and pages call for their users, with a token of the user in the place of a key. Documented in docs/content-cards.md. */
export function contentCardPages(deps: ContentCardPageDeps): Page[] {
  const { db, clock, catalog } = deps;
  const whenFull = () => new RequestError('unavailable', ['too many feeds are being read; try again'], 1);
  const reader = createFeedReader({ db, clock, whenFull });
  const parts: Parts = { ...deps, reader, counts: new OwnCounts({ clock, windowMs: MINUTE_MS }) };
  const headers: Page['headers'] = (request) => corsHeaders(catalog, request);
  const preflight = (path: string): Page => ({
    method: 'OPTIONS',
    path,
    headers: (request) => preflightHeaders(catalog, request),
    handle: async () => ({ status: 200, type: 'application/json', body: '{}' }),
  });
  return [
    script('/sdk/content-cards.js', 'content-cards.js', { 'cache-control': 'public, max-age=3600' }),
    { method: 'GET', path: FEED, headers, handle: (request) => readFeed(parts, request) },
    preflight(FEED),
    {
      method: 'POST',
      path: EVENTS,
      headers,
      bodyLimitBytes: MOST_BODY_BYTES,
      handle: (request) => takeReport(parts, request),
    },
    preflight(EVENTS),
  ];
}

async function readFeed({ clock, catalog, reader, counts }: Parts, request: PageRequest): Promise<PageAnswer> {
  const { query, headers } = request;
  checkQuery(query, ['app_id', 'external_user_id', 'since']);
  const user = readUser({ catalog, now: clock.now() }, request);
  const asked = query.get('external_user_id');
  if (asked !== null && asked !== user.externalId)
    throw new RequestError('wrong_user', ['external_user_id: expected the sub of the token']);
  const since = readDateTime(query, 'since');
  charge(counts, user, feedBucket);
  const { platform } = user.app;
  const tag = readTag(headers['if-none-match'], platform);
  const feed = await reader({ workspaceId: user.workspace.id, externalId: user.externalId, tag });
  const answer = {
    type: 'application/json',
    headers: { etag: writeTag(feed.tag, platform), ...noSharedCache },
  } as const;
  if (feed.cards === null) return { ...answer, status: 304, body: '' };
  const cards = feed.cards.filter(({ createdAt }) => since === null || new Date(createdAt) > since);
  const body = { cards: cards.map((card) => cardAnswer(card, platform)), message: 'success' };
  return { ...answer, status: 200, body: JSON.stringify(body) };
}

async function takeReport(parts: Parts, request: PageRequest): Promise<PageAnswer> {
  const { clock, catalog, counts } = parts;
  checkQuery(request.query, ['app_id']);
  const body = new ObjectReader(parseBody(request.rawBody), '', firstProblem);
  const inBody = { appId: body.get('app_id'), token: body.get('token') };
  const user = readUser({ catalog, now: clock.now() }, request, inBody);
  charge(counts, user, eventsBucket);
  body.refuseUnknown(['app_id', 'token', 'events']);
  const counted = await takeCardEvents(parts, user, readEvents(body));
  const answer = JSON.stringify({ ...counted, message: 'success' });
  return { status: 200, type: 'application/json', headers: { 'cache-control': 'no-store' }, body: answer };
}

/** A cache may keep a person's cards only for that person, and asks each time whether they have changed. */
const noSharedCache = { 'cache-control': 'private, no-cache', vary: 'Origin, Authorization, X-App-Id' };

/** The answer depends on the platform, so its tag does as well. */
function writeTag(tag: string, platform: Platform): string {
  return `"${platform}-${tag}"`;
}

/** The state that the client has. A proxy that compresses marks its tag as weak. null: none, or that of another platform. */
function readTag(header: string | string[] | undefined, platform: Platform): string | null {
  if (typeof header !== 'string') return null;
  const tag = /^(?:W\/)?"([a-z]+)-([a-z0-9]{1,64})"$/.exec(header.trim());
  return tag?.[1] === platform ? (tag[2] ?? null) : null;
}

/** One card as its client sees it. The link is that of the platform. Source: messaging-objects.md §10.3. */
function cardAnswer(
  { dispatchId, createdAt, expiresAt, pinned, isViewed, card }: FeedCard,
  platform: Platform,
): object {
  const system = platform === 'kindle' ? 'android' : platform;
  return {
    id: undashed(dispatchId),
    type: card.type,
    title: card.title,
    description: card.description,
    image_url: card.image_url,
    url: card.uris[system] ?? null,
    ...(system !== 'web' && { use_webview: card.use_webview[system] }),
    uri_text: card.uri_text,
    pinned,
    extra: card.extra,
    viewed: isViewed,
    created_at: new Date(createdAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
  };
}
