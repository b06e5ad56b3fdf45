import { createBlock, findBlock, listBlocks, type SavedBlock, updateBlock } from '../../../content/content-blocks.ts';
import { inclusionsOf } from '../../../content/inclusions.ts';
import { campaignsWithBlock } from '../../../dispatch/plan/campaign-content.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { readBlockChange, readInclusion, readNewBlock, requireId } from './content-blocks-request.ts';
import type { ContentRouteDeps } from './email-templates-route.ts';
import { listParameters, readPage, refusable } from './shared-request.ts';

/** Stored content blocks. Source: adjacent-endpoints.md §6.2. */
export function contentBlockRoutes(deps: ContentRouteDeps & { catalog: Catalog }): Route[] {
  const { db, clock } = deps;
  return [
    {
      method: 'POST',
      path: '/content_blocks/create',
      permission: 'content_blocks.create',
      handle: refusable(async ({ body, workspaceId }) =>
        saved(await createBlock(db, workspaceId, { input: readNewBlock(body), now: clock.now() })),
      ),
    },
    {
      method: 'POST',
      path: '/content_blocks/update',
      permission: 'content_blocks.update',
      handle: refusable(async ({ body, workspaceId }) =>
        saved(await updateBlock(db, workspaceId, { ...readBlockChange(body), now: clock.now() })),
      ),
    },
    {
      method: 'GET',
      path: '/content_blocks/info',
      permission: 'content_blocks.info',
      query: ['content_block_id', 'include_inclusion_data'],
      handle: refusable((request) => info(deps, request)),
    },
    {
      method: 'GET',
      path: '/content_blocks/list',
      permission: 'content_blocks.list',
      query: listParameters,
      handle: refusable((request) => list(deps, request)),
    },
  ];
}

function saved({ id, name, createdAt }: SavedBlock): Answer {
  const created_at = createdAt.toISOString();
  const body = { content_block_id: id, liquid_tag: liquidTag(name), created_at, message: 'success' };
  return { status: 201, body };
}

function liquidTag(name: string): string {
  return `{{content_blocks.\${${name}}}}`;
}

type ReadingDeps = Pick<ContentRouteDeps, 'db'> & { catalog: Catalog };

/** What includes these blocks: email templates and content blocks, then campaigns, as ids by the name of the block. */
async function includersOf(
  { db, catalog }: ReadingDeps,
  workspaceId: number,
  names: readonly string[],
): Promise<Map<string, readonly string[]>> {
  const stored = await inclusionsOf(db, workspaceId, names);
  const workspace = loadedWorkspace(catalog, workspaceId);
  return new Map(names.map((name) => [name, [...(stored.get(name) ?? []), ...campaignsWithBlock(workspace, name)]]));
}

async function info(deps: ReadingDeps, { query, workspaceId }: RouteRequest): Promise<Answer> {
  const withInclusions = readInclusion(query);
  const block = await findBlock(deps.db, workspaceId, requireId(query.get('content_block_id') ?? undefined));
  const inclusions = (await includersOf(deps, workspaceId, [block.name])).get(block.name) ?? [];
  return {
    status: 200,
    body: {
      content_block_id: block.id,
      name: block.name,
      content: block.content,
      description: block.description,
      content_type: block.content_type,
      state: block.state,
      tags: block.tags,
      created_at: block.created_at.toISOString(),
      last_edited: block.updated_at.toISOString(),
      inclusion_count: inclusions.length,
      ...(withInclusions && { inclusion_data: inclusions }),
      message: 'success',
    },
  };
}

async function list(deps: ReadingDeps, { query, workspaceId }: RouteRequest): Promise<Answer> {
  const found = await listBlocks(deps.db, workspaceId, readPage(query));
  const names = found.map(({ name }) => name);
  const inclusions = await includersOf(deps, workspaceId, names);
  const content_blocks = found.map((block) => ({
    content_block_id: block.id,
    name: block.name,
    content_type: block.content_type,
    liquid_tag: liquidTag(block.name),
    inclusion_count: inclusions.get(block.name)?.length ?? 0,
    created_at: block.created_at.toISOString(),
    last_edited: block.updated_at.toISOString(),
    tags: block.tags,
  }));
  return { status: 200, body: { count: content_blocks.length, content_blocks, message: 'success' } };
}
