import type { Db } from '../../db/database.ts';
import type { Secret } from '../secrets.ts';
import type { WorkspaceFile } from './file-shape.ts';

/** The input of one step of an apply. */
export interface Step {
  tx: Db;
  workspaceId: number;
  file: WorkspaceFile;
  secret: Secret;
  reseal: boolean;
  /** Problems found so far, each beginning with its path. Any problem undoes the whole apply. */
  problems: string[];
  /** Remarks found so far, each beginning with its path. They undo nothing. */
  warnings: string[];
}
