import { idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';

/** The campaign or Canvas of a dispatch, in the form of the answer, with its name as long as the workspace has it. */
export function campaignMembers(id: string | null, workspace: WorkspaceCatalog | undefined): object {
  if (id === null) return {};
  const name = (workspace?.campaigns.get(idKey(id)) ?? workspace?.canvases.get(idKey(id)))?.name;
  return { campaign_id: id, ...(name !== undefined && { campaign_name: name }) };
}
