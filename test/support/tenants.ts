import { createHash, randomUUID } from 'node:crypto';
import { audienceChecks } from '../../src/audience/grammar/check-filter.ts';
import type { Database } from '../../src/db/database.ts';
import { raw, type Sql, sql } from '../../src/db/sql.ts';
import { messageChecks } from '../../src/dispatch/plan/campaign-content.ts';
import { applyWorkspace } from '../../src/workspace/file/apply.ts';
import { readWorkspaceFile } from '../../src/workspace/file/file.ts';
import { allPermissions } from '../../src/workspace/keys/keys.ts';
import { secretFrom } from '../../src/workspace/secrets.ts';
import { addWorkspace } from '../../src/workspace/workspaces.ts';
import type { TestApp } from './app.ts';

/** Adds a workspace to the server. What it returns is the same server as a client of that workspace sees it. */
export async function givenNeighbour(app: TestApp, name: string): Promise<TestApp> {
  const { db } = app;
  const workspaceId = await addWorkspace(db, name);
  const key = randomUUID();
  await db.run(sql`
    insert into api_keys (id, workspace_id, name, hash, hint, permissions, allow_from, created_by)
    values (${randomUUID()}, ${workspaceId}, 'neighbour', ${createHash('sha256').update(key).digest()},
            ${key.slice(0, 4)}, ${allPermissions}, ${[]}, 'test')`);
  await app.refreshCatalog();
  return {
    ...app,
    workspaceId,
    key,
    post: (path, body, options = {}) => app.post(path, body, { key, ...options }),
    get: (path, options = {}) => app.get(path, { key, ...options }),
    call: (method, path, body, options = {}) => app.call(method, path, body, { key, ...options }),
    async givenWorkspace(yaml) {
      const file = readWorkspaceFile(yaml, { path: 'test.yaml', env: {} }, audienceChecks.checkFilter);
      const secret = secretFrom(app.secret);
      await applyWorkspace(db, { workspaceId, file, path: 'test.yaml', secret, ...audienceChecks, ...messageChecks });
      await app.refreshCatalog();
    },
  };
}

/** Tables of the whole server, which no request of a client writes for one workspace. */
const ofServer: ReadonlySet<string> = new Set([
  ...['workers', 'sealing_secret', 'spent_sign_ins', 'alert_watch', 'alert_messages', 'schema_migrations'],
  ...['operator_sessions', 'operator_identities', 'call_quotas'],
]);

/** How rows of a table without a workspace are found, where neither a person nor a dispatch nor a campaign nor an app says it. */
const foundBy: Readonly<Record<string, (id: number) => Sql>> = {
  workspaces: (id) => sql`id = ${id}`,
  catalog_items: (id) => sql`catalog_id in (select id from item_catalogs where workspace_id = ${id})`,
  item_totals: (id) => sql`catalog_id in (select id from item_catalogs where workspace_id = ${id})`,
  import_batches: (id) => sql`import_id in (select id from imports where workspace_id = ${id})`,
  segment_export_chunks: (id) => sql`export_id in (select id from segment_exports where workspace_id = ${id})`,
  segment_sizes: (id) => sql`segment_id in (select id::text from segments where workspace_id = ${id})`,
};

/** All rows of a workspace, as one digest for each table. */
export async function contentsOf(db: Database, workspaceId: number): Promise<Map<string, string>> {
  const tables = await db.query<{ name: string; columns: string[] }>(sql`
    select c.relname as name, array_agg(a.attname::text) as columns
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     group by c.relname order by c.relname`);
  const parts = tables.filter(({ name }) => !ofServer.has(name));
  const digests = parts.map(
    ({ name, columns }) => sql`
      select ${name}::text as name, count(*) || ' ' || coalesce(md5(string_agg(content, '|' order by content)), '') as digest
        from (select ${contentOf(name)} as content
                from ${raw(name)} t
               where ${ownRows(name, new Set(columns), workspaceId)}) as rows`,
  );
  const all = digests.reduce((left, right) => sql`${left} union all ${right}`);
  const rows = await db.query<{ name: string; digest: string }>(all);
  return new Map(rows.map(({ name, digest }) => [name, digest]));
}

/** A row as text. When a key was last used is written some time later. */
function contentOf(table: string): Sql {
  return table === 'api_keys' ? sql`(to_jsonb(t) - 'last_used_at')::text` : sql`t::text`;
}

function ownRows(table: string, columns: ReadonlySet<string>, id: number): Sql {
  const own = foundBy[table];
  if (own !== undefined) return own(id);
  if (columns.has('workspace_id')) return sql`workspace_id = ${id}`;
  if (columns.has('dispatch_id')) return sql`dispatch_id in (select id from dispatches where workspace_id = ${id})`;
  if (columns.has('bucket') && columns.has('user_id'))
    return sql`(bucket, user_id) in (select bucket, user_id from profiles where workspace_id = ${id})`;
  if (columns.has('campaign_id'))
    return sql`campaign_id in (select id::text from campaigns where workspace_id = ${id})`;
  if (columns.has('app_id')) return sql`app_id in (select id::text from apps where workspace_id = ${id})`;
  throw new Error(`say in test/support/tenants.ts how the rows of ${table} belong to a workspace`);
}
