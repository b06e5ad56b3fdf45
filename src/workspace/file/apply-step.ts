import type { Db } from '../../db/database.ts';
import type { Secret } from '../secrets.ts';
import type { WorkspaceFile } from './file-shape.ts';

/** What one step of an apply works with. */
export interface Step {
  tx: Db;
  workspaceId: number;
  file: WorkspaceFile;
  secret: Secret;
  reseal: boolean;
  /** Each starts with the path; any of them undoes everything. */
  problems: string[];
}
