import { type ChannelKey, channelKeys } from '../../../channels/channel.ts';
import type { Db } from '../../../db/database.ts';
import { type EventKind, eventKinds } from '../../../feedback/event.ts';
import { readFeed } from '../../../feedback/out/feed.ts';
import { isObject } from '../../../lib/raw/json.ts';
import { nextCursor, readCursor, readLimit, readOneOf, readStorable } from '../../query.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';

/** The feed of what came back of messages, by cursor. */
export function messageEventRoutes({ db }: { db: Db }): Route[] {
  return [
    {
      method: 'GET',
      path: '/message_events',
      permission: 'message_events.read',
      query: ['kind', 'channel', 'campaign_id', 'limit', 'cursor'],
      handle: (request) => list(db, request),
    },
  ];
}

async function list(db: Db, { query, workspaceId }: RouteRequest): Promise<Answer> {
  const kind = readOneOf(query, 'kind', eventKinds) as EventKind | null;
  const channel = readOneOf(query, 'channel', channelKeys) as ChannelKey | null;
  const filter = {
    workspaceId,
    kinds: kind === null ? [] : [kind],
    channels: channel === null ? [] : [channel],
    campaignId: readStorable(query, 'campaign_id'),
  };
  const limit = readLimit(query, { usual: 100, most: 1_000 });
  const { after } = readCursor(query, isPlace) ?? { after: 0 };
  const { events, end, hasMore } = await readFeed(db, filter, { after, limit });
  const shown = events.map(({ id, type, occurredAt, data }) => ({ id, type, timestamp: occurredAt, ...data }));
  return { status: 200, body: { events: shown, ...nextCursor({ after: end }), has_more: hasMore, message: 'success' } };
}

function isPlace(value: unknown): value is { after: number } {
  return isObject(value) && Number.isSafeInteger(value.after) && (value.after as number) >= 0;
}
