import { RequestError } from '../errors.ts';
import type { Catalog, WorkspaceCatalog } from '../workspace/catalog.ts';

/** A workspace's part of the catalog. Throws `unavailable` while this server has not read it yet. */
export function loadedWorkspace(catalog: Catalog, id: number): WorkspaceCatalog {
  const workspace = catalog.workspace(id);
  if (workspace === undefined) throw new RequestError('unavailable', ['the workspace is not loaded yet'], 1);
  return workspace;
}
