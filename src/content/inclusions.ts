import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { ContentRefused } from './refused.ts';
import { unknownBlocks } from './write.ts';

/** Which templates and blocks have these blocks in their texts, as ids by the name of the block, in the order of creation. */
export async function inclusionsOf(
  db: Db,
  workspaceId: number,
  names: readonly string[],
): Promise<Map<string, readonly string[]>> {
  const rows = await db.query<{ name: string; ids: string[] }>(sql`
    select name, array_agg(id::text order by id) as ids
      from (select id, unnest(blocks) as name
              from email_templates
             where workspace_id = ${workspaceId} and blocks && ${[...names]}::text[]
             union all
            select id, unnest(blocks)
              from content_blocks
             where workspace_id = ${workspaceId} and blocks && ${[...names]}::text[]) as included
     where name = any(${[...names]}::text[])
     group by name`);
  return new Map(rows.map(({ name, ids }) => [name, ids]));
}

/** Throws ContentRefused if a block would include itself, also by way of others, or one that does not exist. */
export async function checkInclusions(
  tx: Db,
  workspaceId: number,
  { name, blocks }: { name: string; blocks: readonly string[] },
): Promise<void> {
  if (blocks.length === 0) return;
  await checkExistence(tx, workspaceId, { name, blocks });
  const { is_circle } = await tx.one<{ is_circle: boolean }>(sql`
    with recursive reached as (
      select unnest(${[...blocks]}::text[]) as name
       union
      select unnest(b.blocks)
        from content_blocks b
        join reached on b.name = reached.name
       where b.workspace_id = ${workspaceId}
    )
    select exists (select from reached where reached.name = ${name}) as is_circle`);
  if (is_circle) {
    const problem = `content: includes ${name}, itself or by way of other content blocks`;
    throw new ContentRefused('Content Block cannot be referenced within itself', [problem]);
  }
}

async function checkExistence(
  tx: Db,
  workspaceId: number,
  { name, blocks }: { name: string; blocks: readonly string[] },
): Promise<void> {
  // A new block does not exist yet, and may not include itself, which is told apart.
  const others = blocks.filter((one) => one !== name);
  const unknown = await unknownBlocks(tx, workspaceId, others);
  if (unknown.length === 0) return;
  const errors = unknown.map((one) => `content: unknown content block ${one}`);
  throw new ContentRefused('Content contains malformed liquid', errors);
}
