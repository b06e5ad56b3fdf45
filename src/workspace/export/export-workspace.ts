import type { Database } from '../../db/database.ts';
import type { Secret } from '../secrets.ts';
import { readDefinitions } from './definitions.ts';
import { type ExportedFile, renderFile } from './render.ts';

/**
 * Makes a workspace file of what is applied now. Once its variables have their values, applying it changes nothing.
 * Throws SecretError when `secret` does not open the stored credentials.
 */
export async function exportWorkspace(db: Database, workspaceId: number, secret: Secret): Promise<ExportedFile> {
  return renderFile(await readDefinitions(db, workspaceId, secret));
}
