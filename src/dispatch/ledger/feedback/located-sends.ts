import { intArray, textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { hotStatement, type Parameter } from '../../../db/hot-statement.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import type { SendStatus } from '../../plan/states.ts';
import { type SendKey, sendKey } from '../send.ts';

/** A send as the ledger has it, under its present key: a merge may have moved it to another person. */
export interface LocatedSend extends SendKey {
  status: SendStatus;
  /** When its status was written. */
  updatedAt: Date;
  /** Where it was sent to. null: it is not sent yet, or the channel has no addresses. */
  address: string | null;
}

/** Most merges through which a send is followed. */
const MOST_MOVES = 5;

/**
 * Finds sends by the keys that they had when they were made. The result is by `sendKey` of these. Sends that retention has
 * dropped are missing.
 */
export async function locateSends(db: Db, keys: readonly SendKey[]): Promise<Map<string, LocatedSend>> {
  const located = new Map<string, LocatedSend>();
  /** Where each send may be now, by the key that is asked for. */
  let places = new Map(keys.map((key) => [sendKey(key), key]));
  for (let moves = 0; places.size > 0; moves += 1) {
    const found = new Map((await selectSends(db, { keys: distinct(places) })).map((send) => [sendKey(send), send]));
    for (const [asked, place] of places) {
      const send = found.get(sendKey(place));
      if (send !== undefined) located.set(asked, send);
    }
    if (moves === MOST_MOVES) break;
    places = await nextPlaces(db, new Map([...places].filter(([asked]) => !located.has(asked))));
  }
  return located;
}

function distinct(places: ReadonlyMap<string, SendKey>): SendKey[] {
  return [...new Map([...places.values()].map((key) => [sendKey(key), key])).values()];
}

/** Where merges have moved these sends. Those that were not moved are missing. */
async function nextPlaces(db: Db, places: ReadonlyMap<string, SendKey>): Promise<Map<string, SendKey>> {
  if (places.size === 0) return new Map();
  const rows = await selectMoves(db, { keys: distinct(places) });
  const moved = new Map(
    rows.map(({ to_bucket, to_user_id, ...from }) => [
      sendKey(from),
      { ...from, bucket: to_bucket, userId: to_user_id },
    ]),
  );
  return new Map(
    [...places].flatMap(([asked, place]) => {
      const next = moved.get(sendKey(place));
      return next === undefined ? [] : [[asked, next] as const];
    }),
  );
}

interface Asked {
  keys: readonly SendKey[];
}

/** Fragment: the keys as the rows of a table `x`. */
export function askedSends(param: Parameter<Asked>): Sql {
  return sql`
    unnest(${param(({ keys }) => intArray(keys.map(({ bucket }) => bucket)))}::integer[],
           ${param(({ keys }) => textArray(keys.map(({ dispatchId }) => dispatchId)))}::uuid[],
           ${param(({ keys }) => intArray(keys.map(({ userId }) => userId)))}::bigint[],
           ${param(({ keys }) => textArray(keys.map(({ channel }) => channel)))}::text[])
      as x(bucket, dispatch_id, user_id, channel)`;
}

/** Fragment: joins `x` with the rows `s` of a table whose key is that of sends. */
export function isAsked(param: Parameter<Asked>): Sql {
  return sql`
    s.bucket = x.bucket and s.dispatch_id = x.dispatch_id and s.user_id = x.user_id and s.channel = x.channel
     and s.bucket = any(${param(({ keys }) => intArray([...new Set(keys.map(({ bucket }) => bucket))]))}::integer[])`;
}

/** Fragment: the key of `s`. */
export const keyOfS = sql`s.bucket, s.dispatch_id as "dispatchId", s.user_id as "userId", s.channel`;

const selectSends = hotStatement<Asked, LocatedSend & Record<string, unknown>>(
  'locate_sends',
  (param) => sql`
    select ${keyOfS}, s.status, s.updated_at as "updatedAt", s.address
      from ${askedSends(param)}
      join sends s on ${isAsked(param)}`,
);

/**
 * Keeps merges from moving these sends until the transaction ends. Returns the keys of those that are still where they were
 * found, as `sendKey` writes them: a merge or retention may have been faster.
 */
export async function holdSends(tx: Db, sends: readonly SendKey[]): Promise<Set<string>> {
  return new Set((await holdInPlace(tx, { keys: sends })).map(sendKey));
}

const holdInPlace = hotStatement<Asked, SendKey & Record<string, unknown>>(
  'hold_sends',
  (param) => sql`
    select ${keyOfS}
      from ${askedSends(param)}
      join sends s on ${isAsked(param)}
     order by s.bucket, s.dispatch_id, s.user_id, s.channel
       for key share of s`,
);

const selectMoves = hotStatement<Asked, SendKey & { to_bucket: number; to_user_id: number }>(
  'locate_moved_sends',
  (param) => sql`
    select ${keyOfS}, s.to_bucket, s.to_user_id
      from ${askedSends(param)}
      join moved_sends s on ${isAsked(param)}`,
);
