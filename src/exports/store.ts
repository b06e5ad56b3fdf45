import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

/** The forms of an export's file: `zip` holds several files, `gzip` one. */
export const fileForms = ['zip', 'gzip'] as const;
export type FileForm = (typeof fileForms)[number];

/** What is exported of each person, and how. Stored as JSON. */
export interface ExportedParts {
  fields: string[];
  /** Names of custom attributes. null: all, if the field is asked for. */
  customAttributes: string[] | null;
  form: FileForm;
  /** Begins the names of the files in a zip. */
  prefix: string;
}

export interface NewExport {
  id: string;
  workspaceId: number;
  segmentId: string;
  parts: ExportedParts;
  token: string;
  callbackUrl: string | null;
  createdAt: Date;
  expiresAt: Date;
}

/** An export that this process writes. */
export interface LeasedExport {
  id: string;
  workspaceId: number;
  segmentId: string;
  parts: ExportedParts;
  createdAt: Date;
  /** Number of this try. What is written under another number is void. */
  tries: number;
}

/** Exports of a workspace that may run at once. Source: more-endpoints.md §4.1. */
const MOST_RUNNING = 100;
/** Bytes of files that a workspace may have at once, because whoever exports again and again would fill the disk. */
const MOST_STORED_BYTES = 5 * 2 ** 30;
/** An export whose server died is begun again. One that takes its servers down is given up. */
const MOST_TRIES = 3;
/** Duration of a lease, in milliseconds. It is renewed with every chunk. */
export const LEASE_MS = 60_000;

export type Refusal = 'segment is running' | 'too many';

/** Stores an export to be written. Returns why not, if there may be no further one now. */
export async function storeExport(db: Db, one: NewExport): Promise<Refusal | null> {
  const { id, workspaceId, segmentId, parts, token, callbackUrl, createdAt, expiresAt } = one;
  // Two requests at once for one workspace would not see each other's row.
  await db.run(sql`select pg_advisory_xact_lock(hashtext('cresset segment exports'), ${workspaceId})`);
  const { same, all, bytes } = await db.one<{ same: number; all: number; bytes: number }>(sql`
    select count(*) filter (where state = 'running' and segment_id = ${segmentId}) as same,
           count(*) filter (where state = 'running') as all, coalesce(sum(size_bytes), 0)::bigint as bytes
      from segment_exports
     where workspace_id = ${workspaceId} and expires_at > ${createdAt}`);
  if (same > 0) return 'segment is running';
  if (all >= MOST_RUNNING || bytes >= MOST_STORED_BYTES) return 'too many';
  await db.run(sql`
    insert into segment_exports (id, workspace_id, segment_id, request, token, callback_url, created_at, expires_at)
    values (${id}, ${workspaceId}, ${segmentId}, ${JSON.stringify(parts)}, ${token}, ${callbackUrl}, ${createdAt},
            ${expiresAt})`);
  return null;
}

/** Leases the oldest export that nobody writes. null: there is none. */
export async function leaseExport(db: Db, now: Date): Promise<LeasedExport | null> {
  return db.maybeOne<LeasedExport & Record<string, unknown>>(sql`
    update segment_exports
       set leased_until = ${leaseEnd(now)}, tries = tries + 1
     where id = (select id
                   from segment_exports
                  where state = 'running' and tries < ${MOST_TRIES} and (leased_until is null or leased_until <= ${now})
                  order by created_at, id
                  limit 1
                    for update skip locked)
    returning id, workspace_id as "workspaceId", segment_id as "segmentId", request as parts, created_at as "createdAt",
              tries`);
}

/** Writes one piece of the file and renews the lease. False: the export was cancelled, or is another server's now. */
export async function storeChunk(
  db: Db,
  { id, tries }: LeasedExport,
  { number, bytes, now }: { number: number; bytes: Buffer; now: Date },
): Promise<boolean> {
  const written = await db.run(sql`
    with ours as (
      update segment_exports
         set leased_until = ${leaseEnd(now)}
       where id = ${id} and state = 'running' and tries = ${tries}
      returning id
    )
    insert into segment_export_chunks (export_id, try, number, bytes)
    select id, ${tries}, ${number}, ${bytes} from ours`);
  return written === 1;
}

function leaseEnd(now: Date): Date {
  return new Date(now.getTime() + LEASE_MS);
}

/** Ends an export whose file is complete, and deletes what an earlier try has left. Its callback is due. */
export async function completeExport(
  db: Db,
  { id, tries }: LeasedExport,
  { people, bytes, now }: { people: number; bytes: number; now: Date },
): Promise<void> {
  await db.run(sql`delete from segment_export_chunks where export_id = ${id} and try < ${tries}`);
  await db.run(sql`
    update segment_exports
       set state = 'ready', ready_at = ${now}, leased_until = null, people = ${people}, size_bytes = ${bytes},
           callback_at = case when callback_url is null then null else ${now}::timestamptz end
     where id = ${id} and state = 'running' and tries = ${tries}`);
}

/** Ends an export that cannot be written, and deletes what there is of its file. Its callback is due. */
export async function failExport(db: Db, { id, tries }: LeasedExport, failure: string, now: Date): Promise<void> {
  await db.run(sql`delete from segment_export_chunks where export_id = ${id} and try <= ${tries}`);
  await db.run(sql`
    update segment_exports
       set state = 'failed', leased_until = null, failure = ${failure},
           callback_at = case when callback_url is null then null else ${now}::timestamptz end
     where id = ${id} and state = 'running' and tries = ${tries}`);
}

/** Ends the exports that took down every server that wrote them. Returns their ids. */
export async function failWorn(db: Db, now: Date): Promise<string[]> {
  const rows = await db.query<{ id: string }>(sql`
    update segment_exports
       set state = 'failed', leased_until = null, failure = 'no server could finish it',
           callback_at = case when callback_url is null then null else ${now}::timestamptz end
     where state = 'running' and tries >= ${MOST_TRIES} and leased_until <= ${now}
    returning id`);
  return rows.map(({ id }) => id);
}

/** Cancels the running exports of a segment. What there is of their files is deleted at the next look of a server. */
export async function cancelExports(
  db: Db,
  { workspaceId, segmentId, now }: { workspaceId: number; segmentId: string; now: Date },
): Promise<void> {
  await db.run(sql`
    update segment_exports
       set state = 'cancelled', leased_until = null, expires_at = ${now}
     where workspace_id = ${workspaceId} and segment_id = ${segmentId} and state = 'running'`);
}

export interface Callback {
  id: string;
  workspaceId: number;
  url: string;
  isReady: boolean;
  token: string;
  form: FileForm;
  tries: number;
}

/** Takes the callbacks that are due, a few at a time. They are due again after `againMs`, unless they are ended before. */
export function takeCallbacks(db: Db, now: Date, againMs: number): Promise<Callback[]> {
  return db.query<Callback & Record<string, unknown>>(sql`
    update segment_exports
       set callback_at = ${new Date(now.getTime() + againMs)}, callback_tries = callback_tries + 1
     where id in (select id
                    from segment_exports
                   where callback_at <= ${now}
                   order by callback_at
                   limit 10
                     for update skip locked)
    returning id, workspace_id as "workspaceId", callback_url as url, state = 'ready' as "isReady", token,
              request ->> 'form' as form, callback_tries as tries`);
}

/** Ends a callback. `at`: when it is tried again. null: it arrived, or is given up. */
export async function setCallback(db: Db, id: string, at: Date | null): Promise<void> {
  await db.run(sql`update segment_exports set callback_at = ${at} where id = ${id}`);
}

export interface ExportFile {
  id: string;
  state: 'running' | 'ready' | 'failed' | 'cancelled';
  tries: number;
  form: FileForm;
  sizeBytes: number | null;
}

/** Finds an export by the secret part of its address. null: there is none, or its time is over. */
export function findFile(db: Db, token: string, now: Date): Promise<ExportFile | null> {
  return db.maybeOne<ExportFile & Record<string, unknown>>(sql`
    select id, state, tries, request ->> 'form' as form, size_bytes as "sizeBytes"
      from segment_exports
     where token = ${token} and expires_at > ${now}`);
}

/** The bytes of a complete file, read piece by piece. */
export async function* readFile(db: Db, { id, tries }: Pick<ExportFile, 'id' | 'tries'>): AsyncGenerator<Buffer> {
  for (let number = 0; ; number += 1) {
    const chunk = await db.maybeOne<{ bytes: Buffer }>(sql`
      select bytes from segment_export_chunks where export_id = ${id} and try = ${tries} and number = ${number}`);
    if (chunk === null) return;
    yield chunk.bytes;
  }
}

/** Deletes exports whose time is over, with their files. */
export async function forgetExports(db: Db, now: Date): Promise<void> {
  await db.run(sql`delete from segment_exports where expires_at <= ${now}`);
}
