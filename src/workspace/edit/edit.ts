import type { Database, Db } from '../../db/database.ts';
import { digestOfFile, type editSources } from '../applied-files.ts';
import { type Applied, type ApplyOptions, applyWorkspace } from '../file/apply.ts';
import { type CheckFilter, readWorkspaceValue } from '../file/file.ts';
import { type Change, isNamed, type Plan } from '../file/plan.ts';
import type { FilePlace, ReadServerFile } from '../file/server-file.ts';
import type { Secret } from '../secrets.ts';

/** What an edit by hand needs. */
export interface EditDeps {
  db: Database;
  /** The secret that seals the credentials. */
  sealing: Secret;
  checks: Pick<ApplyOptions, 'checkReferences' | 'checkContent'> & { checkFilter: CheckFilter };
  /** What the file of this server defines. Absent: it applies none at its start. */
  serverFile?: ReadServerFile | undefined;
}

export interface EditRequest {
  workspaceId: number;
  /** Who edits, such as `operator ada`. */
  by: string;
  /** Where the edit comes from, for the record of applies. */
  from: (typeof editSources)[number];
  now: Date;
  /** Whether to only return the plan. */
  dryRun: boolean;
  /** Digest of the plan that was seen. null: none was. */
  seen: string | null;
  /** The definitions in the form of a workspace file, made of what is there. */
  given(tx: Db): Promise<unknown>;
  /** Throws if this must not be done. */
  check?(plan: Plan): void;
  /** Called in the transaction of the edit if it changes something. */
  record?(tx: Db, plan: Plan): Promise<void>;
}

/** What is edited belongs to the file that this server applies at its start. The message is for whoever edits. */
export class FileOwnsError extends Error {
  override name = 'FileOwnsError';
}

/**
 * Applies definitions that somebody wrote by hand, as a workspace file of these alone would be: with the same checks, the same
 * plan and in one transaction. Throws FileOwnsError, PlanChangedError, and as `applyWorkspace` does.
 */
export async function editWorkspace(
  { db, sealing, checks, serverFile }: EditDeps,
  request: EditRequest,
): Promise<Applied> {
  const { workspaceId, by, from, now, dryRun, seen, record } = request;
  const refuseOwned = await ownedByFile(serverFile, workspaceId);
  const source = { by, file: from, digest: digestOfFile('') };
  return applyWorkspace(db, {
    ...{ workspaceId, path: from, secret: sealing, ...checks, dryRun, source },
    async file(tx) {
      const given = await request.given(tx);
      source.digest = digestOfFile(JSON.stringify(given));
      return readWorkspaceValue(given, from, checks.checkFilter);
    },
    edit: {
      ...{ by, now, seen },
      ...(record !== undefined && { record }),
      check(plan) {
        for (const change of plan.filter(isNamed)) refuseOwned(change);
        request.check?.(plan);
      },
    },
  });
}

/** Throws FileOwnsError for things of the file that this server applies at its start. */
export async function ownedByFile(
  serverFile: ReadServerFile | undefined,
  workspaceId: number,
): Promise<(change: Pick<Change, 'what' | 'id' | 'name'>) => void> {
  const found = (await serverFile?.(workspaceId)) ?? null;
  return ({ what, id, name }) => {
    if (found === null) return;
    if (found.problem !== null)
      throw new FileOwnsError(
        `${found.file}, which this server applies at its start, cannot be read, so nobody can tell what it defines: ${found.problem}`,
      );
    const place = found.placeOf(what, id);
    if (place !== null) throw new FileOwnsError(sentenceOf(place, name === '' ? what : `${what} "${name}"`));
  };
}

function sentenceOf({ file, path, line }: FilePlace, thing: string): string {
  const at = line === null ? path : `${path}, line ${line}`;
  return `${thing}: ${file} defines it (${at}), and this server applies that file at its start. Change it there`;
}
