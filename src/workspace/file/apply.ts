import type { Database, Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { type FileSource, recordApplied } from '../applied-files.ts';
import { noteEdited, takeOver, warnOfFiles } from '../edit/edited-definitions.ts';
import { replaceSharedSecret, sealedWithAnother, shareSecret } from '../sealed/shared-secret.ts';
import { deriveKey, type Secret } from '../secrets.ts';
import { announceChange } from '../workspaces.ts';
import { applyCampaigns } from './apply-campaigns.ts';
import { applyConnectedContent } from './apply-connected-content.ts';
import { applyEventWebhooks } from './apply-event-webhooks.ts';
import { applyKeys } from './apply-keys.ts';
import { type CheckReferences, checkSegments, warnOfSchedules } from './apply-references.ts';
import { applyCaps, applySettings, applyWorkspaceItself } from './apply-settings.ts';
import type { Step } from './apply-step.ts';
import { applyApps, applyGroups, applySegments } from './apply-things.ts';
import { type CheckContent, checkCampaigns } from './check-campaigns.ts';
import { WorkspaceFileError } from './file.ts';
import type { WorkspaceFile } from './file-shape.ts';
import { type Change, digestOfPlan, isWrite, type Plan } from './plan.ts';

/** Held while a file is applied, to whatever workspace. */
const APPLY_LOCK = 0x6170706c; // 'appl'

export interface ApplyOptions {
  workspaceId: number;
  /** What is applied. A function makes it of what is there, in the transaction of the apply. */
  file: WorkspaceFile | ((tx: Db) => Promise<WorkspaceFile>);
  /** Path of the file, for errors. */
  path: string;
  secret: Secret;
  /** Checks what segments refer to; comes from `audience`. */
  checkReferences: CheckReferences;
  /** Checks the messages of campaigns; comes from `dispatch`. */
  checkContent: CheckContent;
  /** Whether to seal all credentials of the file anew, even if the stored ones cannot be opened. */
  reseal?: boolean;
  /** Whether to only return the plan and change nothing. */
  dryRun?: boolean;
  /** Where the file comes from, which is recorded. Absent: it is not. */
  source?: FileSource;
  /** The apply is an edit by hand, and what it writes belongs to no file. Absent: it is that of a file. */
  edit?: Edit;
}

export interface Edit {
  /** Such as `operator ada`. */
  by: string;
  now: Date;
  /** Digest of the plan that was seen. Another plan is refused with PlanChangedError. null: none was. */
  seen: string | null;
  /** Throws if this must not be done. */
  check?(plan: Plan): void;
  /** Called in the transaction of the edit if it changes something. */
  record?(tx: Db, plan: Plan): Promise<void>;
}

/** What would be changed is not what was seen. */
export class PlanChangedError extends Error {
  override name = 'PlanChangedError';
}

export interface Applied {
  plan: Plan;
  /** Another one for what is asked or there. */
  planDigest: string;
  /** What is accepted and probably not meant, each beginning with its path. */
  warnings: readonly string[];
}

/**
 * Makes the workspace as the file says, in one transaction, and returns what it changed. A second apply changes nothing.
 * Things that the file does not name are left alone. Throws WorkspaceFileError, and SecretError when `secret` is not that of
 * the servers or does not open the stored credentials.
 */
export async function applyWorkspace(db: Database, options: ApplyOptions): Promise<Applied> {
  const { workspaceId, path, secret, reseal = false, dryRun = false, edit } = options;
  try {
    return await db.transaction(async (tx) => {
      await lockDefinitions(tx, workspaceId);
      const file = typeof options.file === 'function' ? await options.file(tx) : options.file;
      const step: Step = { tx, workspaceId, file, secret, reseal, problems: [], warnings: [] };
      await (reseal ? replaceSharedSecret(tx, secret) : shareSecret(tx, secret));
      const planned = await applySteps(step);
      edit?.check?.(planned);
      await checkSegments(step, options.checkReferences);
      await checkCampaigns(step, options.checkContent);
      if (step.problems.length > 0) throw new WorkspaceFileError(path, step.problems);
      await warnOfSchedules(step);
      if (reseal) await warnOfSealed(step);
      const planDigest = digestOfPlan(planned, deriveKey(secret, 'digests of plans'));
      if (edit !== undefined) step.warnings.push(...(await warnOfFiles(tx, workspaceId, planned)));
      if (edit !== undefined && edit.seen !== null && edit.seen !== planDigest) throw new PlanChangedError();
      const plan = edit === undefined ? await takeOver(tx, workspaceId, planned) : planned;
      const applied = { plan, planDigest, warnings: step.warnings };
      if (dryRun) throw new Undo(applied);
      if (edit !== undefined && plan.some(isWrite)) {
        await noteEdited(tx, workspaceId, plan, edit);
        await edit.record?.(tx, plan);
      }
      const isRecorded = edit === undefined || plan.some(isWrite);
      if (options.source !== undefined && isRecorded)
        await recordApplied(tx, workspaceId, options.source, plan, new Date());
      if (reseal || plan.some(isWrite)) await announceChange(tx);
      return applied;
    });
  } catch (error) {
    if (error instanceof Undo) return error.applied;
    throw error;
  }
}

/** Definitions are written one after the other. */
export async function lockDefinitions(tx: Db, workspaceId: number): Promise<void> {
  // Ids are unique across workspaces. Of two files with the same new id, the second must see the first.
  await tx.run(sql`select pg_advisory_xact_lock(${APPLY_LOCK})`);
  await tx.one(sql`select id from workspaces where id = ${workspaceId} for no key update`);
}

async function applySteps(step: Step): Promise<Plan> {
  const plan: Change[] = [];
  const steps = [
    applyWorkspaceItself,
    applySettings,
    applyConnectedContent,
    applyApps,
    applyGroups,
    applySegments,
    applyCampaigns,
    applyCaps,
    applyEventWebhooks,
    applyKeys,
  ];
  for (const apply of steps) plan.push(...(await apply(step)));
  return plan;
}

async function warnOfSealed({ tx, secret, warnings }: Step): Promise<void> {
  for (const what of await sealedWithAnother(tx, secret))
    warnings.push(
      `${what}: is not in the file, and its credentials are still sealed with the earlier secret; no server starts until a file with them is applied with --reseal`,
    );
}

/** Thrown to roll a dry run's transaction back. */
class Undo extends Error {
  readonly applied: Applied;

  constructor(applied: Applied) {
    super('a dry run leaves nothing behind');
    this.applied = applied;
  }
}
