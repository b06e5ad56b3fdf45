import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { intArray, textArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { hotStatement } from '../../db/hot-statement.ts';
import { sql } from '../../db/sql.ts';
import type { SendReference } from '../reference.ts';

/** A short link, whose it is, and where it leads. */
export interface ShortLink {
  code: string;
  send: SendReference;
  url: string;
}

/** Letters and digits of a code: 59 bits. Source: messaging-objects.md §7.3. */
export const CODE_LENGTH = 10;
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DAY_MS = 86_400_000;
/** No link goes dead sooner. Source: messaging-objects.md §7.3. */
const LIFETIME_DAYS = 366;

export function shortLinkKey(secret: KeyObject): KeyObject {
  return createSecretKey(createHmac('sha256', secret).update('short links\n').digest());
}

/** The code for a link of a send: the same however often the text is composed, and nobody can guess it. */
export function codeOf(key: KeyObject, { dispatchId, bucket, userId, channel }: SendReference, url: string): string {
  const name = JSON.stringify([dispatchId, bucket, userId, channel, url]);
  let left = createHmac('sha256', key).update(name).digest().readBigUInt64BE();
  let code = '';
  for (let at = 0; at < CODE_LENGTH; at += 1) {
    code += alphabet[Number(left % 62n)];
    left /= 62n;
  }
  return code;
}

/**
 * Stores links before their texts go out. Again is as once. Returns the codes that lead elsewhere already, by chance: texts
 * with them must not be sent.
 */
export async function storeShortLinks(db: Db, links: readonly ShortLink[], now: Date): Promise<Set<string>> {
  if (links.length === 0) return new Set();
  const distinct = [...new Map(links.map((link) => [link.code, link])).values()];
  const stored = new Set((await insert(db, { links: distinct, now })).map(({ code }) => code));
  return new Set(distinct.flatMap(({ code }) => (stored.has(code) ? [] : [code])));
}

interface Insertion {
  links: readonly ShortLink[];
  now: Date;
}

const texts =
  (read: (link: ShortLink) => string) =>
  ({ links }: Insertion) =>
    textArray(links.map(read));
const numbers =
  (read: (link: ShortLink) => number) =>
  ({ links }: Insertion) =>
    intArray(links.map(read));

const insert = hotStatement<Insertion, { code: string }>(
  'store_short_links',
  (param) => sql`
    insert into short_links as l (code, workspace_id, dispatch_id, bucket, user_id, channel, url, made_on)
    select *, ${param(({ now }) => now.toISOString().slice(0, 10))}::date
      from unnest(${param(texts(({ code }) => code))}::text[], ${param(numbers(({ send }) => send.workspaceId))}::integer[],
                  ${param(texts(({ send }) => send.dispatchId))}::uuid[], ${param(numbers(({ send }) => send.bucket))}::integer[],
                  ${param(numbers(({ send }) => send.userId))}::bigint[], ${param(texts(({ send }) => send.channel))}::text[],
                  ${param(texts(({ url }) => url))}::text[])
     order by 1
        on conflict (code) do update
       set code = excluded.code
     where l.dispatch_id = excluded.dispatch_id and l.bucket = excluded.bucket and l.user_id = excluded.user_id
       and l.channel = excluded.channel and l.url = excluded.url
    returning l.code`,
);

/** null: there is no such link, or it is older than a year. */
export async function findShortLink(db: Db, code: string): Promise<Omit<ShortLink, 'code'> | null> {
  const [row] = await db.prepared<SendReference & { url: string }>(
    'find_short_link',
    sql`
    select workspace_id as "workspaceId", dispatch_id as "dispatchId", bucket, user_id as "userId", channel, url
      from short_links
     where code = ${code}`,
  );
  if (row === undefined) return null;
  const { url, ...send } = row;
  return { send, url };
}

/** Deletes the links that are older than a year. */
export async function forgetShortLinks(db: Db, now: Date): Promise<void> {
  await db.run(sql`
    delete from short_links where made_on < ${new Date(now.getTime() - LIFETIME_DAYS * DAY_MS).toISOString().slice(0, 10)}::date`);
}
